/** Sends as an SDK does: again while the answer asks for it, or does not come. */
export async function post(send: () => Promise<Response>, triesMax = 30): Promise<Response> {
  for (let tries = 1; ; tries += 1) {
    const response = await send();
    if (response.ok || tries === triesMax) return response;
    if (response.status < 500 && response.status !== 429)
      throw new Error(`Refused: ${response.status} ${await response.text()}`);
  }
}

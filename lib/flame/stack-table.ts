import { NONE, PairTable } from './pair-table.ts';

/**
 * Stacks by function, shared by all value columns of a state. Two lines of one function are one frame here, so that a
 * release that moves a line does not tear the graph apart; which lines ran is told beside it, per frame.
 */
export interface StackTable {
  /** strings[0] is '': not known. */
  readonly strings: readonly string[];
  /** Frames by index: name and file as indices into strings. */
  readonly frameName: Uint32Array;
  readonly frameFile: Uint32Array;
  /** 1: the team's own code, 0: a library or the runtime, −1: not told. */
  readonly inApp: Int8Array;
  /** Nodes by index: a prefix tree. Node 0 is the root, without a frame; parent[i] < i. */
  readonly parent: Uint32Array;
  readonly frame: Uint32Array;
  /** Rows of the line histograms: a frame and one of its lines, both by index. */
  readonly lineFrame: Uint32Array;
  readonly line: Uint32Array;
}

export const emptyTable: StackTable = {
  strings: [''],
  frameName: new Uint32Array(0),
  frameFile: new Uint32Array(0),
  inApp: new Int8Array(0),
  parent: new Uint32Array(1),
  frame: new Uint32Array(1),
  lineFrame: new Uint32Array(0),
  line: new Uint32Array(0),
};

/** Where the nodes and line rows of an added table lie in the builder's. */
export interface Remap {
  readonly node: Uint32Array;
  readonly row: Uint32Array;
}

/** Grows a StackTable; whatever is added twice is there once. */
export class StackTableBuilder {
  readonly #strings: string[] = [];
  readonly #index = new Map<string, number>();
  readonly #frames: PairTable;
  #inApp: Int8Array;
  readonly #nodes: PairTable;
  readonly #rows: PairTable;

  /** Sizes that are expected: tables that need not grow. */
  constructor({ nodes = 256, frames = 64, rows = 64 } = {}) {
    this.string('');
    this.#frames = new PairTable(frames);
    this.#inApp = new Int8Array(64).fill(-1);
    this.#nodes = new PairTable(nodes);
    this.#nodes.add(NONE, NONE); // the root
    this.#rows = new PairTable(rows);
  }

  get nodes() {
    return this.#nodes.size;
  }
  get rows() {
    return this.#rows.size;
  }

  string(text: string): number {
    const known = this.#index.get(text);
    if (known !== undefined) return known;
    const index = this.#strings.length;
    this.#strings.push(text);
    this.#index.set(text, index);
    return index;
  }

  /** Of two answers to whose code it is, the one that says more wins: own code over a library over not told. */
  frame(name: number, file: number, inApp: number): number {
    const index = this.#frames.add(name, file);
    if (index >= this.#inApp.length) {
      const grown = new Int8Array(this.#inApp.length * 2).fill(-1);
      grown.set(this.#inApp);
      this.#inApp = grown;
    }
    if (inApp > this.#inApp[index]!) this.#inApp[index] = inApp;
    return index;
  }

  child(parent: number, frame: number): number {
    return this.#nodes.add(parent, frame);
  }

  row(frame: number, line: number): number {
    return this.#rows.add(frame, line);
  }

  /** Adds another table; its indices are translated by the result. O(its size). */
  add(table: StackTable): Remap {
    const strings = table.strings.map((text) => this.string(text));
    const frames = table.frameName.map((name, i) =>
      this.frame(strings[name]!, strings[table.frameFile[i]!]!, table.inApp[i]!),
    );
    const node = new Uint32Array(table.parent.length);
    for (let i = 1; i < node.length; i += 1) {
      node[i] = this.child(node[table.parent[i]!]!, frames[table.frame[i]!]!);
    }
    return { node, row: table.lineFrame.map((frame, i) => this.row(frames[frame]!, table.line[i]!)) };
  }

  finish(): StackTable {
    const [frameName, frameFile] = this.#frames.columns();
    const [parent, frame] = this.#nodes.columns();
    const [lineFrame, line] = this.#rows.columns();
    parent[0] = 0;
    frame[0] = 0;
    return {
      strings: this.#strings,
      frameName,
      frameFile,
      inApp: this.#inApp.slice(0, this.#frames.size),
      parent,
      frame,
      lineFrame,
      line,
    };
  }
}

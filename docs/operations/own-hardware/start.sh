#!/usr/bin/env bash
# Tidemark on a machine of your own, as processes: versitygw (S3), DynamoDB, ElasticMQ (SQS), and the server on them.
#
#   start.sh install    fetches the three engines by go and maven into $TIDEMARK_TOOLS
#   start.sh engines    runs the engines alone
#   start.sh            runs the engines and Tidemark; arguments after `run` are those of tidemark serve
#   start.sh command …  runs a command of tidemark beside them: start.sh command keys create --project shop
#
# Everything listens on 127.0.0.1 and ends with this script. docs/operations/own-hardware.md says what each variable means.
set -euo pipefail

here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
root=$(cd "$here/../../.." && pwd)
tools=${TIDEMARK_TOOLS:-$HOME/.cache/tidemark/tools}
data=${TIDEMARK_DATA:-$root/.tidemark}/engines
s3_port=${TIDEMARK_S3_PORT:-7070}
dynamodb_port=${TIDEMARK_DYNAMODB_PORT:-8000}
sqs_port=${TIDEMARK_SQS_PORT:-9324}

VERSITYGW=v1.8.0
DYNAMODB_LOCAL=com.amazonaws:DynamoDBLocal:2.6.1
ELASTICMQ=org.elasticmq:elasticmq-server_2.13:1.7.1

fail() {
  printf 'start.sh: %s\n' "$*" >&2
  exit 1
}

# jars GROUP:ARTIFACT:VERSION FOLDER
jars() {
  [ -e "$tools/$2/done" ] && return
  IFS=: read -r group artifact version <<<"$1"
  mkdir -p "$tools/$2"
  cat >"$tools/$2/pom.xml" <<XML
<project xmlns="http://maven.apache.org/POM/4.0.0"><modelVersion>4.0.0</modelVersion>
<groupId>tidemark</groupId><artifactId>$2</artifactId><version>1</version>
<dependencies><dependency><groupId>$group</groupId><artifactId>$artifact</artifactId><version>$version</version></dependency></dependencies></project>
XML
  (cd "$tools/$2" && mvn -q -B org.apache.maven.plugins:maven-dependency-plugin:3.8.1:copy-dependencies \
    -DoutputDirectory=lib -DincludeScope=runtime)
  touch "$tools/$2/done"
}

install() {
  command -v go >/dev/null || fail 'need go (1.24 or newer) to build versitygw'
  command -v mvn >/dev/null || fail 'need maven to fetch DynamoDB Local and ElasticMQ'
  mkdir -p "$tools"
  jars "$DYNAMODB_LOCAL" dynamodb
  jars "$ELASTICMQ" elasticmq
  [ -x "$tools/versitygw" ] || CGO_ENABLED=0 GOBIN="$tools" go install -ldflags='-s -w' \
    "github.com/versity/versitygw/cmd/versitygw@$VERSITYGW"
}

started=()
stop() {
  trap - EXIT
  for pid in "${started[@]}"; do kill "$pid" 2>/dev/null || true; done
  wait
}

# wait_for NAME URL PID: any HTTP answer will do
wait_for() {
  for _ in $(seq 300); do
    curl -s -o /dev/null --max-time 2 "$2" && return
    kill -0 "$3" 2>/dev/null || fail "$1 ended: see $data/$1.log"
    sleep 0.1
  done
  fail "$1 does not answer at $2"
}

engines() {
  [ -x "$tools/versitygw" ] || fail "the engines are not there: run $here/start.sh install"
  mkdir -p "$data/s3/${TIDEMARK_BUCKET:=tidemark}" "$data/dynamodb" "$data/sqs"

  # One line of the environment decides what uploads are told of where: a webhook of the tests, or none, as the server tells itself.
  local events=()
  [ -n "${TIDEMARK_S3_EVENTS_URL:-}" ] && events=(--event-webhook-url "$TIDEMARK_S3_EVENTS_URL")
  ROOT_ACCESS_KEY=$AWS_ACCESS_KEY_ID ROOT_SECRET_KEY=$AWS_SECRET_ACCESS_KEY "$tools/versitygw" \
    --port "127.0.0.1:$s3_port" --quiet --health /health "${events[@]}" posix "$data/s3" >"$data/s3.log" 2>&1 &
  started+=($!)
  wait_for s3 "http://127.0.0.1:$s3_port/health" $!

  if [ -z "${AWS_ENDPOINT_URL_DYNAMODB:-}" ]; then
    (cd "$tools/dynamodb" && exec java -Xmx256m -cp 'lib/*' "$here/LocalOnLoopback.java" \
      -disableTelemetry -sharedDb -port "$dynamodb_port" -dbPath "$data/dynamodb") >"$data/dynamodb.log" 2>&1 &
    started+=($!)
    local dynamodb=$!
  fi

  # Messages and receive counts in a file of H2, so that they outlive a restart.
  cat >"$data/sqs/elasticmq.conf" <<CONF
include classpath("application.conf")
node-address { protocol = http, host = 127.0.0.1, port = $sqs_port, context-path = "" }
rest-sqs { enabled = true, bind-hostname = "127.0.0.1", bind-port = $sqs_port, sqs-limits = strict }
rest-stats { enabled = false }
messages-storage { enabled = true, driver-class = "org.h2.Driver", uri = "jdbc:h2:$data/sqs/messages", username = "", password = "" }
queues {
  uploads { defaultVisibilityTimeout = 720 seconds, deadLettersQueue { name = "uploads-dead", maxReceiveCount = 50 } }
  uploads-dead { }
  tasks { defaultVisibilityTimeout = 1800 seconds, deadLettersQueue { name = "tasks-dead", maxReceiveCount = 5 } }
  tasks-dead { }
}
CONF
  java -Xmx128m "-Dconfig.file=$data/sqs/elasticmq.conf" -cp "$tools/elasticmq/lib/*" org.elasticmq.server.Main \
    >"$data/sqs.log" 2>&1 &
  started+=($!)
  wait_for sqs "http://127.0.0.1:$sqs_port/?Action=ListQueues" $!
  [ -n "${dynamodb:-}" ] && wait_for dynamodb "http://127.0.0.1:$dynamodb_port/" "$dynamodb"
  return 0
}

settings() {
  export AWS_REGION=${AWS_REGION:-us-east-1}
  export AWS_ACCESS_KEY_ID=${AWS_ACCESS_KEY_ID:-tidemark} AWS_SECRET_ACCESS_KEY=${AWS_SECRET_ACCESS_KEY:-tidemark-secret}
  export TIDEMARK_STORES=aws TIDEMARK_BUCKET=${TIDEMARK_BUCKET:-tidemark} TIDEMARK_TABLE=${TIDEMARK_TABLE:-tidemark}
  export AWS_ENDPOINT_URL_S3=http://127.0.0.1:$s3_port AWS_ENDPOINT_URL_SQS=http://127.0.0.1:$sqs_port
  export TIDEMARK_UPLOADS_URL=$AWS_ENDPOINT_URL_SQS/000000000000/uploads
  export TIDEMARK_TASKS_URL=$AWS_ENDPOINT_URL_SQS/000000000000/tasks
  export TIDEMARK_UPLOADS_DEAD_URL=$TIDEMARK_UPLOADS_URL-dead TIDEMARK_TASKS_DEAD_URL=$TIDEMARK_TASKS_URL-dead
  export TIDEMARK_MASTER_SECRET_FILE=${TIDEMARK_MASTER_SECRET_FILE:-$data/master-secret}
}

case ${1:-run} in
install) install ;;
engines | run)
  settings
  trap stop EXIT
  trap 'exit 143' TERM INT HUP
  engines
  export AWS_ENDPOINT_URL_DYNAMODB=${AWS_ENDPOINT_URL_DYNAMODB:-http://127.0.0.1:$dynamodb_port}
  [ -s "$TIDEMARK_MASTER_SECRET_FILE" ] ||
    (umask 077 && head -c 32 /dev/urandom | base64 >"$TIDEMARK_MASTER_SECRET_FILE")
  if [ "${1:-run}" = run ]; then
    node "$root/bin/tidemark.js" doctor --stores
    node "$root/bin/tidemark.js" serve "${@:2}" &
    started+=($!)
  else
    echo ready
  fi
  # As soon as one of them ends there is nothing left to run.
  wait -n "${started[@]}"
  ;;
command)
  settings
  export AWS_ENDPOINT_URL_DYNAMODB=${AWS_ENDPOINT_URL_DYNAMODB:-http://127.0.0.1:$dynamodb_port}
  exec node "$root/bin/tidemark.js" "${@:2}"
  ;;
*) fail "cannot read \"$1\": install, engines, run or command" ;;
esac

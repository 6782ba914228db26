#!/bin/sh
# Runs Janus in a process group of its own, so that it outlives the server process (kill -9, upgrade), and
# ends it when no server has claimed it for a while: an orphan must not hold ports for ever.
#
# janus-keeper.sh <janus> <folder> <minutes>
#   <folder>  holds config/, and gets janus.pid, janus.log; the server touches <folder>/claimed
#   <minutes> without a touch, after which Janus is ended
set -u
janus=$1
folder=$2
minutes=$3

"$janus" -F "$folder/config" -C "$folder/config/janus.jcfg" -o >>"$folder/janus.log" 2>&1 &
pid=$!
echo "$pid" >"$folder/janus.pid"

end() {
  kill "$pid" 2>/dev/null
  wait "$pid"
  rm -f "$folder/janus.pid"
  exit 0
}
trap end TERM INT

while kill -0 "$pid" 2>/dev/null; do
  # Waiting for both lets a dead Janus and a signal be noticed at once.
  sleep 2 &
  wait $!
  # A folder that is gone belongs to nobody either.
  [ -e "$folder/claimed" ] || end
  if [ -n "$(find "$folder/claimed" -mmin "+$minutes" 2>/dev/null)" ]; then
    echo "$(date -u +%FT%TZ) no server claimed Janus for $minutes minutes: ending it" >>"$folder/janus.log"
    end
  fi
done
wait "$pid"
code=$?
rm -f "$folder/janus.pid"
echo "$(date -u +%FT%TZ) Janus ended by itself with code $code" >>"$folder/janus.log"
exit "$code"

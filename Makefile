# `make demo` and `make test` need nothing but a shell, npm and apt; see README.md.
.POSIX:
.PHONY: demo start test check bench soak format reference

demo:
	@scripts/bootstrap.sh run
	@./callreel demo

start:
	@scripts/bootstrap.sh run
	@./callreel serve --demo

test:
	@scripts/bootstrap.sh test
	@scripts/node node_modules/vitest/vitest.mjs run

# Types, format and lint, borders of the folders, docblocks.
check:
	@scripts/bootstrap.sh check
	@scripts/node scripts/check.ts

bench:
	@scripts/bootstrap.sh test
	@set -e; for file in bench/*.bench.ts; do [ -e "$$file" ] || continue; echo "==> $$file"; scripts/node "$$file"; done

# Memory and drift of a render of two hours, and a hundred rooms recorded at once; fails when a bound is missed.
soak:
	@scripts/bootstrap.sh test
	@scripts/node bench/render-memory.bench.ts 120 check
	@MANY_ROOMS=100 scripts/node node_modules/vitest/vitest.mjs run --project system test/many-rooms.test.ts

format:
	@scripts/node node_modules/@biomejs/biome/bin/biome check --write .

# Pages and dumps that are made from the source.
reference:
	@scripts/node scripts/reference.ts

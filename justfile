# The only door. `./justw` runs these too, and fetches `just` first where it is missing.

# Lists what there is.
_list:
    @{{ just_executable() }} --list --unsorted --justfile {{ justfile() }}

# Bring everything that this machine lacks: compilers, browser, libraries for the tests
setup:
    @.ci/setup all

# Build the program with the dashboard inside: target/release/platen
build: (_setup "build") (_site "release")
    @.ci/cargo build --release --locked -p appliance

# Run the box and a simulated plant until Ctrl-C; its data is kept in ./demo
demo *ARGS: build
    target/release/platen demo --dir demo {{ ARGS }}

# Bring what is missing and run all tests
test *ARGS: setup (_site "dev")
    @.ci/tests all {{ ARGS }}

# Check format, lints of each set of features, licences and links in the documentation
check: (_setup "rust")
    @.ci/check

# Measure speed and size, peers beside us (takes a while)
bench *ARGS: setup build
    @.ci/bench {{ ARGS }}

# Feed random bytes to each decoder, by default for a minute each
fuzz SECONDS="60": (_setup "rust")
    @.ci/fuzz {{ SECONDS }}

# Run only the tests from outside: browser, simulated plant, the real program
e2e *ARGS: setup (_site "dev")
    @.ci/tests e2e {{ ARGS }}

# The quick build that the tests use: target/debug/platen
_dev-build: (_setup "build") (_site "dev")
    @.ci/tests build

_setup PART:
    @.ci/setup {{ PART }}

_site KIND:
    @.ci/wasm {{ KIND }}

# The only door. `./justw` runs these too, and fetches `just` first where it is missing.

# Words after a recipe reach its script as they were typed.
set positional-arguments

# Lists what there is.
_list:
    @{{ quote(just_executable()) }} --list --unsorted --justfile {{ quote(justfile()) }}

# Bring everything that this machine lacks: compilers, browser, libraries for the tests
setup:
    @.ci/setup all

# Build the program with the dashboard inside: target/release/platen
build: (_setup "build") (_site "release")
    @.ci/cargo build --release --locked -p appliance

# Run the box and a simulated plant until Ctrl-C; its data is kept in ./demo
demo *ARGS: build (_setup "bus")
    target/release/platen demo --dir demo "$@"

# Bring what is missing and run all tests
test *ARGS: setup (_site "dev")
    @.ci/tests all "$@"

# Check format, lints of each set of features, licences and links in the documentation
check: (_setup "rust")
    @.ci/check

# Measure speed and size, peers beside us (takes a while); `bench store` measures the history store alone
bench *ARGS: setup build
    @.ci/bench "$@"

# Count instructions of hot paths and compare them with what they were
count *ARGS: (_setup "build") (_setup "counter") (_site "release")
    @.ci/count release "$@"

# Feed random bytes to each reader of radio and appliance, by default for a minute each
fuzz SECONDS="60" *TARGETS: (_setup "rust")
    @.ci/fuzz "$@"

# Cut the power thousands of times, and what else takes too long for every run
soak: (_setup "build") (_site "dev")
    @.ci/cargo test --locked -p appliance --lib -- --ignored thousands

# Run only the tests from outside: browser, simulated plant, the real program
e2e *ARGS: setup (_site "dev")
    @.ci/tests e2e "$@"

# Bluetooth with a real kernel, the real bluetoothd and simulated monitors, in a virtual machine; `lab short` takes some minutes
lab *ARGS: (_setup "build") (_setup "lab") (_site "dev")
    @.ci/lab "$@"

# What other people's decoders of sensors say of the documented adverts and of thousands more, and what ours does
decoders *ARGS: (_setup "build") (_setup "decoders") (_site "dev")
    @.ci/decoders "$@"

# The quick build that the tests use: target/debug/platen
_dev-build: (_setup "build") (_site "dev")
    @.ci/tests build

_setup PART:
    @.ci/setup {{ PART }}

_site KIND:
    @.ci/wasm {{ KIND }}

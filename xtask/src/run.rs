//! `cargo xtask run`: from a checkout to a running gateway.

use crate::command::{cargo, program, run as run_command, say, target};
use crate::setup;

const CONFIG: &str = "collector-config/quickstart.yaml";

/// What to type in a second terminal. The body is one span as protobuf, written out for want of a
/// client that every machine has.
const HOW_TO_SEND: &str = r#"
The gateway listens for OTLP: gRPC on localhost:4317, HTTP on localhost:4318. Send it a span that
holds an e-mail address and a card number, and watch here how it arrives without them:

  printf '\012h\022f\022d\012\020tamis-quickstart\022\010firstone*\005helloJ#\012\012user.email\022\025\012\023someone@example.comJ\032\012\004card\022\022\012\0204111111111111111' |
    curl -i http://localhost:4318/v1/traces -H 'Content-Type: application/x-protobuf' --data-binary @-

or with the load generator of the OpenTelemetry project:

  go run github.com/open-telemetry/opentelemetry-collector-contrib/cmd/telemetrygen@v0.161.0 traces \
    --otlp-insecure --traces 1 --telemetry-attributes 'user.email="someone@example.com"'

Its own metrics: curl http://localhost:8888/metrics       End it: Ctrl-C
"#;

pub(crate) fn run() -> anyhow::Result<()> {
    setup::setup()?;
    run_command(cargo().args(["build", "--release", "--package", "tamis"]))?;
    say(HOW_TO_SEND);
    run_command(program(target().join("release/tamis")).args(["--config", CONFIG]))
}

//! Prints the OpenAPI document of the management API: `just openapi` keeps it in `docs/openapi.json`.

#![expect(clippy::print_stdout, reason = "a command line program speaks on standard output")]

fn main() -> Result<(), serde_json::Error> {
    print!("{}", connector_api::openapi::generate()?);
    Ok(())
}

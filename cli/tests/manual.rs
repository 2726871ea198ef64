//! Every command of the manual in `cmd/` prints what the manual says.

#[test]
fn the_manual_is_true() {
    let cases = trycmd::TestCases::new();
    cases
        .env("COLUMNS", "100")
        .env("NO_COLOR", "1")
        .env("XDG_CONFIG_HOME", "/nowhere")
        .case("tests/cmd/*.md")
        .case("tests/cmd/*.toml");
    // What the system says about files and ports is in its own words.
    if cfg!(unix) {
        cases.case("tests/cmd/unix/*.md");
    }
}

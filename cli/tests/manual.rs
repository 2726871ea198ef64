//! Every command of the manual in `cmd/` prints what the manual says.

#[test]
fn the_manual_is_true() {
    trycmd::TestCases::new()
        .env("COLUMNS", "100")
        .env("NO_COLOR", "1")
        .case("tests/cmd/*.md")
        .case("tests/cmd/*.toml");
}

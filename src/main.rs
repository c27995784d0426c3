fn main() -> std::process::ExitCode {
    seamlint::cli::run()
}

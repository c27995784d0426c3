fn main() {
    // `include_dir!` does not tell cargo what it read.
    println!("cargo::rerun-if-changed=build.rs");
    println!("cargo::rerun-if-changed=rules");
}

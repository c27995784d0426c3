//! How long does a whole scan take, next to reading and parsing the same Apex alone?
//!
//! `benches/compare.sh FOLDER` builds and runs this. Parsing is the part that no analysis of Apex can
//! leave out, so the ratio says what all the rest costs. Both run in turns, each time in a process of its
//! own, with the same number of threads; the files are in the page cache from a first run that does not
//! count.
//!
//! - scan: the wall time of the whole `seamlint FOLDER` process: start, rules, walking the folder,
//!   metadata, reading, parsing, linking, checking, writing JSON.
//! - parse: reads the project's classes and triggers without the test classes, and parses them with
//!   tree-sitter. Finding the files and starting the process are not counted.

use std::cmp::Reverse;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode, Stdio};
use std::time::{Duration, Instant};

use rayon::prelude::*;
use seamlint::apex::prepare::prepare;
use seamlint::apex::test_code::{is_hidden_stub, is_test_class};
use seamlint::discover::{Options, SourceFile, SourceKind, discover, read_text};

const USAGE: &str = "usage: benches/compare.sh FOLDER [PAIRS] [THREADS]";

fn main() -> ExitCode {
    // Cargo adds `--bench`.
    let arguments: Vec<String> = std::env::args().skip(1).filter(|argument| argument != "--bench").collect();
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    match *arguments.as_slice() {
        ["parse", folder, threads] => parse(Path::new(folder), number(threads)),
        [folder] => compare(folder, 7, cores()),
        [folder, pairs] => compare(folder, number(pairs), cores()),
        [folder, pairs, threads] => compare(folder, number(pairs), number(threads)),
        _ => {
            eprintln!("{USAGE}");
            return ExitCode::from(2);
        }
    }
    ExitCode::SUCCESS
}

fn number(text: &str) -> usize {
    text.parse().ok().filter(|number| *number > 0).unwrap_or_else(|| panic!("`{text}` is no number. {USAGE}"))
}

fn cores() -> usize {
    std::thread::available_parallelism().map_or(1, usize::from)
}

// Parsing alone

/// Prints the nanoseconds, the files and the bytes.
fn parse(folder: &Path, threads: usize) {
    rayon::ThreadPoolBuilder::new().num_threads(threads).build_global().unwrap();
    let project = discover(&[folder.to_path_buf()], &Options::default()).unwrap();
    let mut files: Vec<&SourceFile> = project.files.iter().filter(|file| file.kind.is_apex()).collect();
    files.sort_by_key(|file| (Reverse(file.size), file.id));

    let started = Instant::now();
    let texts: Vec<String> = files
        .par_iter()
        .with_max_len(1)
        .filter_map(|file| read_text(&file.absolute).ok().filter(|text| counts(file, text)))
        .collect();
    let reading = started.elapsed();

    // Tokens such as %%%NAMESPACE%%% would be parsed as damage, which is slower. Not counted.
    let buffers: Vec<_> = texts.iter().map(|text| prepare(text)).collect();

    let started = Instant::now();
    buffers.par_iter().with_max_len(1).for_each_init(parser, |parser, prepared| {
        parser.parse(&prepared.healed, None).expect("nothing stops the parser");
    });
    let parsing = started.elapsed();
    println!(
        "{} {} {}",
        (reading + parsing).as_nanos(),
        texts.len(),
        texts.iter().map(String::len).sum::<usize>()
    );
}

fn counts(file: &SourceFile, text: &str) -> bool {
    let is_test = file.kind == SourceKind::ApexClass && is_test_class(text);
    !is_test && !is_hidden_stub(text)
}

fn parser() -> tree_sitter::Parser {
    let mut parser = tree_sitter::Parser::new();
    parser.set_language(&tree_sitter_sfapex::apex::LANGUAGE.into()).expect("the grammar fits the parser");
    parser
}

// Comparing

fn compare(folder: &str, pairs: usize, threads: usize) {
    scan_once(folder, threads);
    let (_, files, bytes) = parse_once(folder, threads);
    println!(
        "{folder}: {files} classes and triggers without tests, {:.1} MB; {threads} threads\n",
        bytes as f64 / 1e6
    );
    println!("      scan     parse   ratio");
    let (mut scans, mut parses, mut ratios) = (Vec::new(), Vec::new(), Vec::new());
    for _ in 0..pairs {
        let scan = scan_once(folder, threads);
        let (parse, ..) = parse_once(folder, threads);
        let ratio = scan.as_secs_f64() / parse.as_secs_f64();
        println!("{:>7.0} ms {:>6.0} ms {ratio:>7.2}", millis(scan), millis(parse));
        scans.push(millis(scan));
        parses.push(millis(parse));
        ratios.push(ratio);
    }
    println!(
        "{:>7.0} ms {:>6.0} ms {:>7.2}   median",
        median(&mut scans),
        median(&mut parses),
        median(&mut ratios)
    );
    match peak_memory(folder, threads) {
        Some(kib) => println!("\npeak memory of a scan: {:.0} MB", kib as f64 * 1024.0 / 1e6),
        None => println!("\npeak memory of a scan: not known on this system"),
    }
}

fn millis(duration: Duration) -> f64 {
    duration.as_secs_f64() * 1000.0
}

fn median(values: &mut [f64]) -> f64 {
    values.sort_by(f64::total_cmp);
    (values[(values.len() - 1) / 2] + values[values.len() / 2]) / 2.0
}

fn scan(folder: &str, threads: usize) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_seamlint"));
    command.args([folder, "--format", "json", "--fail-on", "never", "--threads", &threads.to_string()]);
    command.stdout(Stdio::null());
    command
}

fn scan_once(folder: &str, threads: usize) -> Duration {
    let started = Instant::now();
    let status = scan(folder, threads).status().expect("the program starts");
    let elapsed = started.elapsed();
    assert!(status.success(), "the scan failed: {status}");
    elapsed
}

fn parse_once(folder: &str, threads: usize) -> (Duration, usize, usize) {
    let me: PathBuf = std::env::current_exe().expect("a program knows where it is");
    let output = Command::new(me).args(["parse", folder, &threads.to_string()]).output().expect("it starts");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let text = String::from_utf8(output.stdout).expect("numbers");
    let numbers: Vec<u64> = text.split_whitespace().map(|number| number.parse().expect("a number")).collect();
    (Duration::from_nanos(numbers[0]), numbers[1] as usize, numbers[2] as usize)
}

/// Of GNU or BSD `time`, in KiB; otherwise from `/proc`, asked until the program ends.
fn peak_memory(folder: &str, threads: usize) -> Option<u64> {
    let plain = scan(folder, threads);
    let timed = |flag: &str| {
        let mut command = Command::new("/usr/bin/time");
        command.arg(flag).arg(plain.get_program()).args(plain.get_args()).stdout(Stdio::null());
        let text = String::from_utf8(command.output().ok()?.stderr).ok()?;
        let line = text.lines().find(|line| line.to_lowercase().contains("maximum resident set size"))?;
        line.split(|char: char| !char.is_ascii_digit()).find(|word| !word.is_empty())?.parse::<u64>().ok()
    };
    if let Some(kib) = timed("-v") {
        return Some(kib);
    }
    if let Some(bytes) = timed("-l") {
        return Some(bytes / 1024);
    }
    let mut child = scan(folder, threads).spawn().ok()?;
    let status = format!("/proc/{}/status", child.id());
    let mut peak = None;
    while let Ok(None) = child.try_wait() {
        let text = std::fs::read_to_string(&status).unwrap_or_default();
        let line = text.lines().find(|line| line.starts_with("VmHWM:"));
        let kib = line.and_then(|line| line.split_whitespace().nth(1)?.parse().ok());
        peak = peak.max(kib);
        std::thread::sleep(Duration::from_micros(200));
    }
    peak
}

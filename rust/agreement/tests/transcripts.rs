//! Runs every file in `transcripts/`: commands, `----`, what they bring about.
//! A new test is a new text file. `UPDATE_TRANSCRIPTS=1` writes what happens
//! into the files instead of comparing; read the difference before keeping it.

mod cluster;

use std::path::{Path, PathBuf};

use cluster::script::Script;

/// One command, comments above it included, and what is expected of it.
struct Case {
    comments: Vec<String>,
    commands: Vec<String>,
    expected: String,
}

fn parse(text: &str) -> Vec<Case> {
    let mut cases = Vec::new();
    for block in text.split("\n\n").filter(|block| !block.trim().is_empty()) {
        let (head, expected) = block.split_once("----").unwrap_or((block, ""));
        let (comments, commands): (Vec<String>, Vec<String>) = head
            .lines()
            .filter(|line| !line.trim().is_empty())
            .map(str::to_string)
            .partition(|line| line.starts_with('#'));
        let expected = expected.trim_start_matches('\n').trim_end().to_string();
        cases.push(Case {
            comments,
            commands,
            expected,
        });
    }
    cases
}

fn play(cases: &[Case]) -> Vec<String> {
    let mut script = Script::default();
    let each = cases.iter().map(|case| {
        let said = case.commands.iter().map(|line| script.command(line));
        said.collect::<String>().trim_end().to_string()
    });
    each.collect()
}

fn render(cases: &[Case], said: &[String]) -> String {
    let mut text = String::new();
    for (case, said) in cases.iter().zip(said) {
        let head: Vec<&str> = case
            .comments
            .iter()
            .chain(&case.commands)
            .map(String::as_str)
            .collect();
        text.push_str(&head.join("\n"));
        if !case.commands.is_empty() {
            text.push_str("\n----\n");
            text.push_str(said);
        }
        text.push_str(if said.is_empty() { "\n" } else { "\n\n" });
    }
    text.trim_end().to_string() + "\n"
}

#[allow(
    clippy::disallowed_methods,
    reason = "a switch of the test, not of the code"
)]
fn updating() -> bool {
    std::env::var("UPDATE_TRANSCRIPTS").is_ok()
}

fn files() -> Vec<PathBuf> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/transcripts");
    let entries = std::fs::read_dir(folder).expect("the folder is there");
    let mut files: Vec<PathBuf> = entries.map(|e| e.expect("readable").path()).collect();
    files.sort();
    files
}

#[test]
fn transcripts() {
    let files = files();
    assert!(!files.is_empty(), "there are transcripts");
    for file in files {
        let text = std::fs::read_to_string(&file).expect("readable");
        println!("{}", file.display());
        let cases = parse(&text);
        let said = play(&cases);
        if updating() {
            std::fs::write(&file, render(&cases, &said)).expect("writable");
            continue;
        }
        for (case, said) in cases.iter().zip(&said) {
            let place = format!("{}: {:?}", file.display(), case.commands);
            assert_eq!(case.expected, *said, "{place}");
        }
    }
}

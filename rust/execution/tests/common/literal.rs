//! Literals to canonical bytes, written from docs/bytecode.md §3 alone.
//!
//! `7` raw numbers · `true` · `@name` Account, Party, Hash (name, zero padded) ·
//! `"text"` Str · `x"00ff"` Bytes · `{a b}` Record · `[a b]` List · `<k v k v>` Map ·
//! `none`, `some v`.

use daicho_execution::{Type, TypeId, Types};

/// Splits a line into tokens.
pub fn tokens(line: &str) -> Vec<String> {
    let mut found = Vec::new();
    let mut rest = line.trim_start();
    while let Some(first) = rest.chars().next() {
        let length = match first {
            '[' | ']' | '{' | '}' | '<' | '>' | '(' | ')' => 1,
            '"' => quoted(rest, 1),
            'x' if rest.starts_with("x\"") => quoted(rest, 2),
            _ => rest
                .find(|c: char| c.is_whitespace() || "[]{}<>()".contains(c))
                .unwrap_or(rest.len()),
        };
        // An arrow is one token although it holds a bracket.
        let length = if rest.starts_with("->") { 2 } else { length };
        found.push(rest[..length].to_owned());
        rest = rest[length..].trim_start();
    }
    found
}

fn quoted(rest: &str, open: usize) -> usize {
    open + rest[open..].find('"').expect("a quote closes") + 1
}

/// `@name` as so many bytes.
pub fn named<const N: usize>(token: &str) -> [u8; N] {
    let name = token.strip_prefix('@').expect("a name starts with @");
    let mut id = [0; N];
    id[..name.len()].copy_from_slice(name.as_bytes());
    id
}

/// Reads one literal of a type off the front of `tokens`.
pub fn encode(types: &Types, ty: TypeId, tokens: &mut &[String], out: &mut Vec<u8>) {
    let token = take(tokens);
    match types.get(ty).expect("a declared type") {
        Type::Bool => out.push(u8::from(token == "true")),
        Type::Int(kind) => {
            let width = kind.bits() as usize / 8;
            match token.parse::<i128>() {
                Ok(raw) => out.extend(&raw.to_le_bytes()[..width]),
                Err(_) => out.extend(token.parse::<u128>().expect("a number").to_le_bytes()),
            }
        }
        Type::Decimal { .. } => out.extend(number(&token).to_le_bytes()),
        Type::Account | Type::Party => out.extend(named::<16>(&token)),
        Type::Hash => out.extend(named::<32>(&token)),
        Type::Date => out.extend((number(&token) as i32).to_le_bytes()),
        Type::Timestamp => out.extend((number(&token) as u64).to_le_bytes()),
        Type::Duration => out.extend((number(&token) as i64).to_le_bytes()),
        Type::Enum { .. } => out.extend((number(&token) as u16).to_le_bytes()),
        Type::Str { .. } => {
            let text = token.trim_matches('"');
            out.extend((text.len() as u32).to_le_bytes());
            out.extend(text.as_bytes());
        }
        Type::Bytes { .. } => {
            let hex = token.trim_start_matches('x').trim_matches('"');
            let digit = |at: usize| u8::from_str_radix(&hex[at..at + 2], 16).expect("hex");
            let bytes: Vec<u8> = (0..hex.len()).step_by(2).map(digit).collect();
            out.extend((bytes.len() as u32).to_le_bytes());
            out.extend(bytes);
        }
        Type::Record { fields, .. } => {
            for field in fields {
                encode(types, field.ty, tokens, out);
            }
            assert_eq!(take(tokens), "}", "a record closes");
        }
        Type::List { element, .. } => many(types, &[*element], tokens, out, "]"),
        Type::Map { key, value, .. } => many(types, &[*key, *value], tokens, out, ">"),
        Type::Optional { inner } if token == "some" => {
            out.push(1);
            encode(types, *inner, tokens, out);
        }
        Type::Optional { .. } => out.push(0),
    }
}

fn many(types: &Types, parts: &[TypeId], tokens: &mut &[String], out: &mut Vec<u8>, close: &str) {
    let at = out.len();
    out.extend([0; 4]);
    let mut count = 0_u32;
    while tokens[0] != close {
        parts
            .iter()
            .for_each(|part| encode(types, *part, tokens, out));
        count += 1;
    }
    take(tokens);
    out[at..at + 4].copy_from_slice(&count.to_le_bytes());
}

fn take(tokens: &mut &[String]) -> String {
    let (first, rest) = tokens.split_first().expect("one more token");
    *tokens = rest;
    first.clone()
}

fn number(token: &str) -> i128 {
    token
        .parse()
        .unwrap_or_else(|_| panic!("{token:?} is no number"))
}

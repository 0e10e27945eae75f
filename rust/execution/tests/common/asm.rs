//! A text assembler, written from docs/bytecode.md alone. One declaration or
//! instruction per line; `#` starts a comment; names stand for indices.
//!
//! ```text
//! type Row record amount:Int
//! error 1000 BAD Int
//! event 1 Moved Row public party:0
//! table 1 book v1 (owner:Party asset:U32) Row party:0 conserved 1 0 1 locks 1:4
//! import other 7 1 (Int) -> Int
//! fn double(Int) -> Int
//!   local.get 0
//!   ...
//!   end
//! entry 1 double member signed_by 0
//! query 1 look reader
//! export 1 double 5
//! index 2 by_asset book key:0 key:1
//! scheduled 1 tick 10 0 0
//! migration upgrade
//! access 0 1 0:1:1:0
//! ```

use std::collections::BTreeMap;

use daicho_execution::{Module, Types};
use daicho_types::roles;

use super::literal;

const PREDECLARED: [&str; 17] = [
    "Bool",
    "Int",
    "U8",
    "U16",
    "U32",
    "U64",
    "U128",
    "I8",
    "I16",
    "I32",
    "I64",
    "Account",
    "Party",
    "Hash",
    "Date",
    "Timestamp",
    "Duration",
];

/// Opcode, mnemonic, immediates: t type, b block type, f function, i import,
/// e error, v event, k constant, T table, X index, s scheduled, 1 2 4 8 a number of so many bytes.
pub const INSTRUCTIONS: &[(u8, &str, &str)] = &[
    (0x00, "unreachable", ""),
    (0x01, "nop", ""),
    (0x02, "block", "b"),
    (0x03, "loop", ""),
    (0x04, "if", "b"),
    (0x05, "else", ""),
    (0x06, "end", ""),
    (0x07, "br", "2"),
    (0x08, "br_if", "2"),
    (0x0A, "return", ""),
    (0x0B, "call", "f"),
    (0x0C, "call_import", "i"),
    (0x0D, "fail", "e"),
    (0x0E, "require", "e"),
    (0x0F, "attempt", ""),
    (0x10, "drop", ""),
    (0x11, "dup", ""),
    (0x12, "swap", ""),
    (0x13, "local.get", "2"),
    (0x14, "local.set", "2"),
    (0x15, "local.tee", "2"),
    (0x16, "local.take", "2"),
    (0x18, "push.bool", "1"),
    (0x19, "push.int", "t8"),
    (0x1A, "const", "k"),
    (0x20, "eq", "t"),
    (0x21, "ne", "t"),
    (0x22, "lt", "t"),
    (0x23, "le", "t"),
    (0x24, "gt", "t"),
    (0x25, "ge", "t"),
    (0x26, "not", ""),
    (0x27, "min", "t"),
    (0x28, "max", "t"),
    (0x29, "and", ""),
    (0x2A, "or", ""),
    (0x30, "add", "t"),
    (0x31, "sub", "t"),
    (0x32, "mul", "t"),
    (0x33, "floordiv", "t"),
    (0x34, "mod", "t"),
    (0x35, "neg", "t"),
    (0x36, "abs", "t"),
    (0x37, "pow", "t"),
    (0x38, "bit_and", "t"),
    (0x39, "bit_or", "t"),
    (0x3A, "bit_xor", "t"),
    (0x3B, "invert", "t"),
    (0x3C, "shl", "t"),
    (0x3D, "shr", "t"),
    (0x40, "convert", "ttm"),
    (0x41, "mul.round", "tttm"),
    (0x42, "div.round", "tttm"),
    (0x43, "muldiv", "ttttm"),
    (0x44, "raw", "t"),
    (0x45, "from_raw", "t"),
    (0x46, "allocate", "ttt1"),
    (0x50, "ts.add", ""),
    (0x51, "ts.sub", ""),
    (0x52, "ts.diff", ""),
    (0x53, "ts.date", ""),
    (0x54, "date.ts", ""),
    (0x55, "date.add", ""),
    (0x56, "date.diff", ""),
    (0x57, "date.make", ""),
    (0x58, "date.part", "1"),
    (0x59, "date.add_months", ""),
    (0x5A, "day_fraction", "1tm"),
    (0x60, "len", "t"),
    (0x61, "concat", "ttt"),
    (0x62, "slice", "tt"),
    (0x63, "code_at", "t"),
    (0x64, "from_code", "t"),
    (0x65, "from_int", "tt"),
    (0x66, "to_int", "tt"),
    (0x67, "find", "tt"),
    (0x68, "starts_with", "tt"),
    (0x69, "coerce", "tt"),
    (0x6A, "encode", "tt"),
    (0x6B, "hash", "t"),
    (0x6C, "hash.below", ""),
    (0x70, "some", "t"),
    (0x71, "none", "t"),
    (0x72, "is_some", "t"),
    (0x73, "unwrap", "t"),
    (0x78, "record.new", "t"),
    (0x79, "record.get", "t2"),
    (0x7A, "record.set", "t2"),
    (0x80, "list.new", "t2"),
    (0x81, "list.len", "t"),
    (0x82, "list.get", "t"),
    (0x83, "list.set", "t"),
    (0x84, "list.push", "t"),
    (0x85, "list.pop", "t"),
    (0x86, "list.slice", "t"),
    (0x87, "list.concat", "t"),
    (0x88, "list.contains", "t"),
    (0x89, "list.sort", "t"),
    (0x8A, "list.reverse", "t"),
    (0x8B, "list.insert", "t"),
    (0x8C, "list.remove", "t"),
    (0x90, "map.new", "t"),
    (0x91, "map.len", "t"),
    (0x92, "map.has", "t"),
    (0x93, "map.get", "t"),
    (0x94, "map.find", "tt"),
    (0x95, "map.put", "t"),
    (0x96, "map.delete", "t"),
    (0x97, "map.key_at", "t"),
    (0x98, "map.value_at", "t"),
    (0x99, "map.keys", "tt"),
    (0x9A, "map.values", "tt"),
    (0xA0, "ctx.sender", ""),
    (0xA1, "ctx.caller", ""),
    (0xA2, "ctx.contract", ""),
    (0xA3, "ctx.height", ""),
    (0xA4, "ctx.time", ""),
    (0xA5, "ctx.roles", ""),
    (0xA6, "ctx.has_role", "4"),
    (0xA7, "ctx.signed", ""),
    (0xA8, "ctx.signed_role", "4"),
    (0xA9, "random", "t"),
    (0xAA, "ctx.tx_id", ""),
    (0xAB, "ctx.time_of", ""),
    (0xAC, "oracle", "t2"),
    (0xAD, "oracle.must", "t2"),
    (0xAE, "oracle.time", "t2"),
    (0xB0, "table.has", "T"),
    (0xB1, "table.get", "T"),
    (0xB2, "table.find", "Tt"),
    (0xB3, "table.put", "T"),
    (0xB4, "table.insert", "T"),
    (0xB5, "table.update", "T"),
    (0xB6, "table.delete", "T"),
    (0xB7, "table.adjust", "T2"),
    (0xB8, "table.issue", "T"),
    (0xB9, "table.redeem", "T"),
    (0xBA, "table.scan", "T11tb"),
    (0xBB, "table.has_at", "T"),
    (0xBC, "table.get_at", "T"),
    (0xBD, "table.find_at", "Tt"),
    (0xBE, "table.credit", "T2"),
    (0xC0, "emit", "v"),
    (0xC1, "timer.set", "s"),
    (0xC2, "timer.cancel", ""),
    (0xC3, "index.scan", "X11tb"),
    (0xC4, "table.lock", "T2"),
    (0xC5, "table.unlock", "T2"),
    (0xC6, "table.unlock_part", "T2"),
    (0xC7, "table.locked", "T2t"),
];

const MODES: [&str; 8] = [
    "EXACT",
    "DOWN",
    "UP",
    "FLOOR",
    "CEILING",
    "HALF_UP",
    "HALF_DOWN",
    "HALF_EVEN",
];

#[derive(Default)]
struct Section {
    count: u32,
    bytes: Vec<u8>,
    names: BTreeMap<String, u16>,
}

impl Section {
    fn add(&mut self, name: &str, bytes: Vec<u8>) {
        self.names
            .entry(name.to_owned())
            .or_insert(self.count as u16);
        self.bytes.extend(bytes);
        self.count += 1;
    }
}

struct Function {
    params: Vec<u16>,
    head: Vec<u8>,
    body: Vec<(u32, Vec<String>)>,
}

/// Assembles one artefact.
pub fn assemble(source: &str) -> Vec<u8> {
    let mut assembler = Assembler::default();
    for (index, line) in source.lines().enumerate() {
        let line = line.split('#').next().expect("split gives one").trim_end();
        if !line.trim().is_empty() {
            assembler.line(index as u32 + 1, line);
        }
    }
    assembler.finish()
}

/// Builds an artefact from sections whose bodies are ready.
pub fn artefact(sections: &[Vec<u8>]) -> Vec<u8> {
    let mut body = Vec::new();
    for (index, section) in sections.iter().enumerate() {
        body.push(index as u8 + 1);
        text_into(section, &mut body);
    }
    let mut out = b"DAICHOBC".to_vec();
    for field in [1_u16, 1, 1, 0] {
        out.extend(field.to_le_bytes());
    }
    text_into(&body, &mut out);
    out
}

fn text_into(bytes: &[u8], out: &mut Vec<u8>) {
    out.extend((bytes.len() as u32).to_le_bytes());
    out.extend(bytes);
}

fn many_into(items: &[u16], out: &mut Vec<u8>) {
    out.extend((items.len() as u32).to_le_bytes());
    items.iter().for_each(|item| out.extend(item.to_le_bytes()));
}

/// The function of the migration section, or none.
struct Migration(u16);

impl Default for Migration {
    fn default() -> Self {
        Self(u16::MAX)
    }
}

#[derive(Default)]
struct Assembler {
    name: String,
    types: Section,
    constants: Section,
    errors: Section,
    events: Section,
    tables: Section,
    imports: Section,
    functions: BTreeMap<String, u16>,
    bodies: Vec<Function>,
    called: [Section; 4],
    indexes: Section,
    migration: Migration,
    accesses: Section,
    /// Constants wait for the type table.
    literals: Vec<(u16, Vec<String>)>,
}

impl Assembler {
    fn line(&mut self, number: u32, line: &str) {
        let words = literal::tokens(line);
        if line.starts_with(' ') {
            let function = self.bodies.last_mut().expect("code stands in a function");
            function.body.push((number, words));
            return;
        }
        match words[0].as_str() {
            "name" => self.name.clone_from(&words[1]),
            "type" => self.declare_type(&words[1], &words[2], &words[3..]),
            "const" => {
                let ty = self.ty(&words[2]);
                let index = self.literals.len() as u16;
                self.constants.names.insert(words[1].clone(), index);
                self.literals.push((ty, words[3..].to_vec()));
            }
            "error" => self.declare_error(&words),
            "event" => self.declare_event(&words),
            "table" => self.declare_table(&words),
            "import" => self.declare_import(&words),
            "fn" => self.declare_function(&words),
            "entry" | "query" | "export" => self.declare_called(&words),
            "index" => self.declare_index(&words),
            "scheduled" => self.declare_scheduled(&words),
            "migration" => self.migration = Migration(self.functions[&words[1]]),
            "access" => self.declare_access(&words),
            other => panic!("line {number}: unknown declaration {other}"),
        }
    }

    fn ty(&self, name: &str) -> u16 {
        if name == "-" {
            return 0xFFFF;
        }
        if let Some(index) = PREDECLARED.iter().position(|known| *known == name) {
            return index as u16;
        }
        if let Some(index) = self.types.names.get(name) {
            return index + 32;
        }
        name.parse().unwrap_or_else(|_| panic!("no type {name}"))
    }

    fn named(name: &str, out: &mut Vec<u8>) {
        text_into(name.as_bytes(), out);
    }

    fn fields(&self, words: &[String]) -> Vec<u8> {
        let mut out = (words.len() as u32).to_le_bytes().to_vec();
        for word in words {
            let (name, ty) = word.split_once(':').expect("name:type");
            Self::named(name, &mut out);
            out.extend(self.ty(ty).to_le_bytes());
        }
        out
    }

    fn declare_type(&mut self, name: &str, kind: &str, rest: &[String]) {
        let number = |at: usize| rest[at].parse::<u32>().expect("a number");
        let mut out = Vec::new();
        match kind {
            "decimal" => out.extend([1, number(0) as u8, number(1) as u8]),
            "str" | "bytes" => {
                out.push(if kind == "str" { 2 } else { 3 });
                out.extend(number(0).to_le_bytes());
            }
            "enum" => {
                out.push(4);
                Self::named(name, &mut out);
                out.extend((rest.len() as u32).to_le_bytes());
                rest.iter()
                    .for_each(|variant| Self::named(variant, &mut out));
            }
            "record" => {
                out.push(5);
                Self::named(name, &mut out);
                out.extend(self.fields(rest));
            }
            "list" | "optional" => {
                out.push(if kind == "list" { 6 } else { 8 });
                out.extend(self.ty(&rest[0]).to_le_bytes());
                if kind == "list" {
                    out.extend(number(1).to_le_bytes());
                }
            }
            "map" => {
                out.push(7);
                out.extend(self.ty(&rest[0]).to_le_bytes());
                out.extend(self.ty(&rest[1]).to_le_bytes());
                out.extend(number(2).to_le_bytes());
            }
            other => panic!("no type kind {other}"),
        }
        self.types.add(name, out);
    }

    fn types_of(&self, words: &[String]) -> Vec<u16> {
        words.iter().map(|word| self.ty(word)).collect()
    }

    fn declare_error(&mut self, words: &[String]) {
        let mut out = words[1]
            .parse::<u16>()
            .expect("a code")
            .to_le_bytes()
            .to_vec();
        Self::named(&words[2], &mut out);
        many_into(&self.types_of(&words[3..]), &mut out);
        self.errors.add(&words[2], out);
    }

    fn rule(word: &str) -> (u8, u16) {
        let (kind, place) = word.split_once(':').unwrap_or((word, "0"));
        let kinds = ["public", "administrator", "party", "register"];
        let kind = kinds
            .iter()
            .position(|known| *known == kind)
            .expect("a compartment kind");
        (kind as u8, place.parse().expect("a place"))
    }

    fn declare_event(&mut self, words: &[String]) {
        let mut out = words[1]
            .parse::<u16>()
            .expect("an id")
            .to_le_bytes()
            .to_vec();
        Self::named(&words[2], &mut out);
        out.extend(self.ty(&words[3]).to_le_bytes());
        out.extend((words.len() as u32 - 4).to_le_bytes());
        for word in &words[4..] {
            let (kind, field) = Self::rule(word);
            out.push(kind);
            out.extend(field.to_le_bytes());
        }
        self.events.add(&words[2], out);
    }

    /// `table ID NAME vN ( columns ) ROW RULE [conserved GROUP AMOUNT… [locks FIELD:ID…]]`
    fn declare_table(&mut self, words: &[String]) {
        let mut out = words[1]
            .parse::<u16>()
            .expect("an id")
            .to_le_bytes()
            .to_vec();
        Self::named(&words[2], &mut out);
        out.extend(
            words[3][1..]
                .parse::<u16>()
                .expect("a row version")
                .to_le_bytes(),
        );
        let close = words
            .iter()
            .position(|word| word == ")")
            .expect("columns close");
        out.extend(self.fields(&words[5..close]));
        out.extend(self.ty(&words[close + 1]).to_le_bytes());
        let (kind, place) = Self::rule(&words[close + 2]);
        out.extend([kind, place as u8]);
        match words.get(close + 3) {
            None => out.push(0),
            Some(_) => {
                out.extend([1, words[close + 4].parse().expect("a group column")]);
                let rest = &words[close + 5..];
                let locks = rest.iter().position(|word| word == "locks");
                let amounts = rest[..locks.unwrap_or(rest.len())]
                    .iter()
                    .map(|word| word.parse().expect("a field"));
                many_into(&amounts.collect::<Vec<u16>>(), &mut out);
                Self::locks(locks.map_or(&[], |at| &rest[at + 1..]), &mut out);
            }
        }
        self.tables.add(&words[2], out);
    }

    fn locks(words: &[String], out: &mut Vec<u8>) {
        out.extend((words.len() as u32).to_le_bytes());
        for word in words {
            let (field, id) = word.split_once(':').expect("field:id");
            for part in [field, id] {
                out.extend(part.parse::<u16>().expect("a number").to_le_bytes());
            }
        }
    }

    fn signature(&self, words: &[String]) -> (Vec<u16>, u16, Vec<u16>) {
        let open = words
            .iter()
            .position(|word| word == "(")
            .expect("parameters open");
        let close = words
            .iter()
            .position(|word| word == ")")
            .expect("parameters close");
        let params = self.types_of(&words[open + 1..close]);
        let arrow = words.get(close + 1).is_some_and(|word| word == "->");
        let result = if arrow {
            self.ty(&words[close + 2])
        } else {
            0xFFFF
        };
        let locals = words.iter().position(|word| word == "locals");
        let locals = locals.map_or(Vec::new(), |at| self.types_of(&words[at + 1..]));
        (params, result, locals)
    }

    /// `import NAME CONTRACT EXPORT (params) -> result`
    fn declare_import(&mut self, words: &[String]) {
        let (params, result, _) = self.signature(words);
        let mut out = words[2]
            .parse::<u32>()
            .expect("a contract")
            .to_le_bytes()
            .to_vec();
        out.extend(words[3].parse::<u32>().expect("an export").to_le_bytes());
        many_into(&params, &mut out);
        out.extend(result.to_le_bytes());
        self.imports.add(&words[1], out);
    }

    /// `fn NAME(params) -> result locals types`
    fn declare_function(&mut self, words: &[String]) {
        let (params, result, locals) = self.signature(words);
        let mut head = Vec::new();
        Self::named(&words[1], &mut head);
        many_into(&params, &mut head);
        head.extend(result.to_le_bytes());
        many_into(&locals, &mut head);
        self.functions
            .insert(words[1].clone(), self.bodies.len() as u16);
        self.bodies.push(Function {
            params,
            head,
            body: Vec::new(),
        });
    }

    /// `entry ID FUNCTION ROLE… [signed_by PARAMETER…]`, `export ID FUNCTION CALLER…`
    fn declare_called(&mut self, words: &[String]) {
        let kind = ["entry", "query", "export"]
            .iter()
            .position(|k| *k == words[0])
            .expect("one");
        let mut out = words[1]
            .parse::<u32>()
            .expect("an id")
            .to_le_bytes()
            .to_vec();
        Self::named(&words[2], &mut out);
        let function = *self.functions.get(&words[2]).expect("a declared function");
        out.extend(function.to_le_bytes());
        if kind == 2 {
            out.extend((words.len() as u32 - 3).to_le_bytes());
            for caller in &words[3..] {
                out.extend(caller.parse::<u32>().expect("a contract").to_le_bytes());
            }
        } else {
            let at = words
                .iter()
                .position(|word| word == "signed_by")
                .unwrap_or(words.len());
            let bits = words[3..at].iter().map(|role| match role.as_str() {
                "any" => u32::MAX,
                role => roles::bit(role).expect("a role"),
            });
            out.extend(bits.fold(0, |mask, bit| mask | bit).to_le_bytes());
            let signed = words.get(at + 1..).unwrap_or(&[]);
            let signed: Vec<u16> = signed
                .iter()
                .map(|word| word.parse().expect("one"))
                .collect();
            if kind == 0 {
                many_into(&signed, &mut out);
            }
            let count = self.bodies[function as usize].params.len();
            out.extend((count as u32).to_le_bytes());
            (0..count).for_each(|index| Self::named(&format!("p{index}"), &mut out));
        }
        self.called[kind].add(&words[2], out);
    }

    /// `index ID NAME TABLE key:0 field:1 …`
    fn declare_index(&mut self, words: &[String]) {
        let mut out = words[1]
            .parse::<u16>()
            .expect("an id")
            .to_le_bytes()
            .to_vec();
        Self::named(&words[2], &mut out);
        out.extend(Self::index(&self.tables.names, &words[3]).to_le_bytes());
        out.extend((words.len() as u32 - 4).to_le_bytes());
        for word in &words[4..] {
            let (kind, at) = word.split_once(':').expect("kind:place");
            out.push(u8::from(kind == "field"));
            out.push(at.parse().expect("a place"));
        }
        self.indexes.add(&words[2], out);
    }

    /// `scheduled ID FUNCTION PRIORITY CLASS RESUMES`
    fn declare_scheduled(&mut self, words: &[String]) {
        let number = |at: usize| words[at].parse::<u32>().expect("a number");
        let mut out = number(1).to_le_bytes().to_vec();
        Self::named(&words[2], &mut out);
        out.extend(self.functions[&words[2]].to_le_bytes());
        out.extend([number(3) as u8, number(4) as u8, number(5) as u8]);
        self.called[3].add(&words[2], out);
    }

    /// `access KIND ID CONTRACT:TABLE:MODE:FORM …`
    fn declare_access(&mut self, words: &[String]) {
        let mut out = vec![words[1].parse().expect("a kind")];
        out.extend(words[2].parse::<u32>().expect("an id").to_le_bytes());
        out.extend((words.len() as u32 - 3).to_le_bytes());
        for word in &words[3..] {
            let parts: Vec<u32> = word.split(':').map(|p| p.parse().expect("one")).collect();
            out.extend(parts[0].to_le_bytes());
            out.extend((parts[1] as u16).to_le_bytes());
            out.extend([parts[2] as u8, parts[3] as u8]);
        }
        self.accesses.add("", out);
    }

    fn index(names: &BTreeMap<String, u16>, word: &str) -> u16 {
        let parsed = || {
            word.parse()
                .unwrap_or_else(|_| panic!("nothing is called {word}"))
        };
        names.get(word).copied().unwrap_or_else(parsed)
    }

    fn instruction(&self, words: &[String], out: &mut Vec<u8>) {
        let known = INSTRUCTIONS.iter().find(|(_, name, _)| *name == words[0]);
        let (opcode, _, immediates) =
            known.unwrap_or_else(|| panic!("no instruction {}", words[0]));
        out.push(*opcode);
        assert_eq!(words.len() - 1, immediates.len(), "immediates of {words:?}");
        for (kind, word) in immediates.chars().zip(&words[1..]) {
            let number = || {
                word.parse::<i64>()
                    .unwrap_or_else(|_| panic!("number in {words:?}"))
            };
            match kind {
                't' | 'b' => out.extend(self.ty(word).to_le_bytes()),
                'f' => out.extend(Self::index(&self.functions, word).to_le_bytes()),
                'i' => out.extend(Self::index(&self.imports.names, word).to_le_bytes()),
                'e' => out.extend(Self::index(&self.errors.names, word).to_le_bytes()),
                'v' => out.extend(Self::index(&self.events.names, word).to_le_bytes()),
                'k' => out.extend(Self::index(&self.constants.names, word).to_le_bytes()),
                'T' => out.extend(Self::index(&self.tables.names, word).to_le_bytes()),
                'X' => out.extend(Self::index(&self.indexes.names, word).to_le_bytes()),
                's' => out.extend(Self::index(&self.called[3].names, word).to_le_bytes()),
                'm' => out.push(match MODES.iter().position(|mode| mode == word) {
                    Some(mode) => mode as u8,
                    None => number() as u8,
                }),
                '1' => out.push(number() as u8),
                '2' => out.extend((number() as u16).to_le_bytes()),
                '4' => out.extend((number() as u32).to_le_bytes()),
                _ => out.extend(number().to_le_bytes()),
            }
        }
    }

    fn finish(mut self) -> Vec<u8> {
        let counted = |section: &Section| {
            let mut out = section.count.to_le_bytes().to_vec();
            out.extend(&section.bytes);
            out
        };
        let types = counted(&self.types);
        self.encode_constants(&types);
        let mut module = Vec::new();
        let name = if self.name.is_empty() {
            "test"
        } else {
            &self.name
        };
        Self::named(name, &mut module);
        text_into(b"test.asm", &mut module);
        let (functions, map) = self.code();
        artefact(&[
            module,
            types,
            counted(&self.constants),
            counted(&self.errors),
            counted(&self.events),
            counted(&self.tables),
            counted(&self.imports),
            functions,
            counted(&self.called[0]),
            counted(&self.called[1]),
            counted(&self.called[2]),
            map,
            counted(&self.indexes),
            counted(&self.called[3]),
            self.migration.0.to_le_bytes().to_vec(),
            counted(&self.accesses),
        ])
    }

    fn code(&self) -> (Vec<u8>, Vec<u8>) {
        let mut functions = (self.bodies.len() as u32).to_le_bytes().to_vec();
        let mut map = (self.bodies.len() as u32).to_le_bytes().to_vec();
        for function in &self.bodies {
            let mut code = Vec::new();
            map.extend((function.body.len() as u32).to_le_bytes());
            for (line, words) in &function.body {
                map.extend((code.len() as u32).to_le_bytes());
                map.extend(line.to_le_bytes());
                map.extend(2_u16.to_le_bytes());
                self.instruction(words, &mut code);
            }
            functions.extend(&function.head);
            text_into(&code, &mut functions);
        }
        (functions, map)
    }

    /// Constants need the type table: read it back from an artefact of types.
    fn encode_constants(&mut self, types: &[u8]) {
        let mut sections = vec![vec![0; 4]; 16];
        sections[14] = vec![0xFF; 2];
        sections[0] = [1, 0, 0, 0, b'x', 0, 0, 0, 0].to_vec();
        sections[1] = types.to_vec();
        let types: Types = match Module::decode(&artefact(&sections)) {
            Ok(module) => module.types,
            // A test of broken types: let the real artefact say so.
            Err(_) => return,
        };
        for (ty, words) in std::mem::take(&mut self.literals) {
            let mut value = Vec::new();
            literal::encode(&types, ty, &mut words.as_slice(), &mut value);
            let mut out = ty.to_le_bytes().to_vec();
            text_into(&value, &mut out);
            self.constants.bytes.extend(out);
            self.constants.count += 1;
        }
    }
}

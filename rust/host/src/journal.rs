//! The operator's log file: one JSON object a line, `logs/node.jsonl`.

use std::collections::BTreeMap;
use std::fs::{File, OpenOptions};
use std::io::{self, Write};
use std::path::Path;

use daicho_node::{Event, Level};
use daicho_types::{ReplicaId, WallClock};
use serde_json::{Map, Value, json};

/// Lines about one event and peer within [`CALM_US`]; more are counted and not
/// written, so that nobody fills the disk with the same words.
const ALIKE_LINES_MAX: u32 = 20;
/// See [`ALIKE_LINES_MAX`].
const CALM_US: u64 = 1_000_000;

/// Appends events to a file.
#[derive(Debug)]
pub struct EventLog {
    file: File,
    node: String,
    /// Per event and peer: when counting began, lines since, lines withheld.
    alike: BTreeMap<(&'static str, Option<ReplicaId>), Alike>,
}

#[derive(Clone, Copy, Debug, Default)]
struct Alike {
    since: u64,
    lines: u32,
    withheld: u64,
}

impl EventLog {
    /// Opens `path` for appending; `node` stands in every line.
    ///
    /// # Errors
    /// When the file cannot be opened.
    pub fn open(path: &Path, node: &str) -> io::Result<Self> {
        let file = OpenOptions::new().create(true).append(true).open(path)?;
        Ok(Self {
            file,
            node: node.to_owned(),
            alike: BTreeMap::new(),
        })
    }

    /// Writes one line. A full disk is no reason to stop ordering: the line is
    /// lost, the ledger is not.
    pub fn write(&mut self, now: WallClock, event: &Event) {
        let Some(count) = self.count(now, event) else {
            return;
        };
        let mut line = Map::new();
        line.insert("ts".into(), json!(rfc3339(now)));
        line.insert("level".into(), json!(event.level.name()));
        line.insert("event".into(), json!(event.event));
        line.insert("node".into(), json!(self.node));
        line.insert("pid".into(), json!(std::process::id()));
        let mut put = |name: &str, value: Option<Value>| {
            if let Some(value) = value {
                line.insert(name.into(), value);
            }
        };
        put("code", event.code.map(|code| json!(code.name())));
        put("view", event.view.map(|view| json!(view.0)));
        put("height", event.height.map(|height| json!(height.0)));
        put("peer", event.peer.map(|peer| json!(peer.0)));
        put("count", (count > 1).then(|| json!(count)));
        put("tx_id", event.tx_id.map(|id| json!(id.to_string())));
        put(
            "msg",
            (!event.message.is_empty()).then(|| json!(event.message)),
        );
        let mut bytes = Value::Object(line).to_string().into_bytes();
        bytes.push(b'\n');
        let _ = self.file.write_all(&bytes);
    }

    /// How many events the next line stands for; `None` while there are too
    /// many alike. What informs is never withheld: it follows the chain.
    fn count(&mut self, now: WallClock, event: &Event) -> Option<u64> {
        if event.level == Level::Info {
            return Some(1);
        }
        let alike = self.alike.entry((event.event, event.peer)).or_default();
        if now.0 >= alike.since.saturating_add(CALM_US) {
            (alike.since, alike.lines) = (now.0, 0);
        }
        if alike.lines == ALIKE_LINES_MAX {
            alike.withheld += 1;
            return None;
        }
        alike.lines += 1;
        Some(1 + core::mem::take(&mut alike.withheld))
    }

    /// Writes a line of the host's own.
    pub fn say(
        &mut self,
        now: WallClock,
        level: Level,
        event: &'static str,
        message: impl Into<String>,
    ) {
        self.write(now, &Event::new(level, event).message(message));
    }
}

/// Microseconds since the epoch as RFC 3339 in UTC. Days to civil date after
/// the proleptic Gregorian calendar (ISO 8601), in eras of 400 years.
fn rfc3339(time: WallClock) -> String {
    let (seconds, micros) = (time.0 / 1_000_000, time.0 % 1_000_000);
    let (days, second) = (seconds / 86_400, seconds % 86_400);
    let shifted = days + 719_468;
    let (era, day) = (shifted / 146_097, shifted % 146_097);
    let year = (day - day / 1_460 + day / 36_524 - day / 146_096) / 365;
    let of_year = day - (365 * year + year / 4 - year / 100);
    let month = (5 * of_year + 2) / 153;
    let date = of_year - (153 * month + 2) / 5 + 1;
    let month = if month < 10 { month + 3 } else { month - 9 };
    let year = year + era * 400 + u64::from(month <= 2);
    let (hour, minute, second) = (second / 3_600, second / 60 % 60, second % 60);
    format!("{year:04}-{month:02}-{date:02}T{hour:02}:{minute:02}:{second:02}.{micros:06}Z")
}

#[cfg(test)]
mod tests {
    use super::{ALIKE_LINES_MAX, Event, EventLog, Level, WallClock, rfc3339};
    use std::path::PathBuf;

    fn lines(path: &PathBuf) -> Vec<serde_json::Value> {
        let text = std::fs::read_to_string(path).expect("the log is there");
        let parse = |line| serde_json::from_str(line).expect("each line is JSON");
        text.lines().map(parse).collect()
    }

    #[test]
    fn a_flood_of_one_event_is_counted_and_not_written() {
        let name = format!("daicho-journal-{}.jsonl", std::process::id());
        let path = std::env::temp_dir().join(name);
        let mut log = EventLog::open(&path, "here").expect("a fresh file");
        let event =
            |peer| Event::new(Level::Warning, "malformed").peer(daicho_types::ReplicaId(peer));
        for _ in 0..1_000 {
            log.write(WallClock(5), &event(1));
        }
        log.write(WallClock(5), &event(2));
        log.write(WallClock(5_000_000), &event(1));
        let written = lines(&path);
        std::fs::remove_file(&path).expect("it was there");
        assert_eq!(written.len(), ALIKE_LINES_MAX as usize + 2);
        let last = &written[written.len() - 1];
        let counts = written.iter().map(|l| l["count"].as_u64().unwrap_or(1));
        assert_eq!(counts.sum::<u64>(), 1_002, "every event is counted once");
        assert_eq!(last["peer"], 1);
    }

    #[test]
    fn times_read_as_people_write_them() {
        let cases = [
            (0, "1970-01-01T00:00:00.000000Z"),
            (951_782_399_999_999, "2000-02-28T23:59:59.999999Z"),
            (951_782_400_000_000, "2000-02-29T00:00:00.000000Z"),
            (4_107_542_400_000_000, "2100-03-01T00:00:00.000000Z"),
            (1_466_640_000_000_001, "2016-06-23T00:00:00.000001Z"),
        ];
        for (micros, text) in cases {
            assert_eq!(rfc3339(WallClock(micros)), text);
        }
    }
}

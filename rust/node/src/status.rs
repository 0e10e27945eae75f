//! The status document: what `status --json` prints (docs/interfaces.md).

use std::collections::BTreeMap;

use daicho_agreement::Summary;
use daicho_types::genesis::{ClockMode, Genesis, LeaderPolicy, Purpose};
use serde_json::{Map, Value, json};

use crate::feed::Feed;
use crate::interface::Identity;
use crate::ordering::Ordering;

/// Bytes sent, by kind of message, and refusals, by code.
#[derive(Clone, Debug, Default)]
pub struct Counters {
    /// Bytes handed to links, by [`crate::PeerMessage::kind`].
    pub bytes_out: BTreeMap<&'static str, u64>,
    /// Frames handed to links, by the same.
    pub frames_out: BTreeMap<&'static str, u64>,
    /// Requests refused, by code name.
    pub refused: BTreeMap<&'static str, u64>,
    /// Syncs of the log, counted by the host.
    pub fdatasync: u64,
    /// Frames not sent because the way out was full, counted by the host.
    pub dropped_full: u64,
    /// Frames from peers that were no message.
    pub malformed: u64,
}

/// What a status page speaks of.
pub(crate) struct Parts<'a> {
    pub identity: &'a Identity,
    pub genesis: &'a Genesis,
    pub summary: &'a Summary,
    pub ordering: &'a Ordering,
    pub feed: &'a Feed,
    pub counters: &'a Counters,
    pub height: u64,
    pub executor_pid: Option<u32>,
    pub results_stored: u64,
}

pub(crate) fn document(parts: &Parts<'_>) -> Value {
    let control = parts.ordering.control();
    let summary = parts.summary;
    let node = &parts.genesis.nodes[usize::from(parts.identity.replica.0)];
    let root = parts
        .ordering
        .results
        .newest()
        .map(|c| c.statement.state_root.to_string());
    json!({
        "node": name(parts.genesis, parts.identity.replica.0),
        "role": if node.validates { "validator" } else { "reader" },
        "validates": node.validates,
        "executes": node.executor.is_some(),
        "leader_eligible": node.leader_eligible,
        "chain": control.chain().to_string(),
        "purpose": match parts.genesis.purpose { Purpose::Test => "test", Purpose::Production => "production" },
        "clock": match control.clock() { ClockMode::System => "system", ClockMode::Steered => "steered" },
        "height": parts.height,
        "certified_height": parts.ordering.results.certified().0,
        "results_stored": parts.results_stored,
        "state_root": root,
        "view": summary.view.0,
        "leader": name(parts.genesis, summary.leader.0),
        "leader_policy": match control.parameters().leader_policy {
            LeaderPolicy::Sticky => "sticky",
            LeaderPolicy::RoundRobin => "round_robin",
        },
        "block_time_us": control.time().0.to_string(),
        "ledger": { "block": control.block().to_string(), "control": control.digest().to_string() },
        "hash": "BLAKE3",
        "public_key": node.vote_key.to_string(),
        "p2p": { "peers": parts.genesis.nodes.len() - 1, "transport": "ZeroMQ CURVE mesh, no broker" },
        "consensus": {
            "n": control.validators().size(),
            "f": daicho_crypto::Electorate::faults(control.validators().size()),
            "quorum": control.validators().quorum(),
            "view_changes": summary.view_changes,
            "low_watermark": summary.stable.0,
            "high_watermark": summary.high.0,
            "active": summary.active,
            "abstaining": summary.abstaining,
            "halted": summary.halted,
        },
        "pool": { "items": parts.ordering.pool.len(), "bytes": parts.ordering.pool.bytes() },
        "parameters": parameters(control.parameters()),
        "counters": counters(parts),
        "executor": executor(parts.feed, parts.executor_pid),
    })
}

fn name(genesis: &Genesis, replica: u16) -> String {
    let node = genesis.nodes.get(usize::from(replica));
    node.map_or_else(String::new, |node| {
        String::from_utf8_lossy(&node.name).into_owned()
    })
}

fn parameters(rules: &daicho_types::genesis::Parameters) -> Value {
    json!({
        "window_heights": rules.window_heights,
        "checkpoint_heights": rules.checkpoint_heights,
        "result_window_heights": rules.result_window_heights,
        "block_items_max": rules.block_items_max,
        "block_bytes_max": rules.block_bytes_max,
        "block_interval_us": rules.block_interval_us,
        "idle_block_us": rules.idle_block_us,
        "time_bound_us": rules.time_bound_us,
        "view_timeout_us": rules.view_timeout_us,
    })
}

fn counters(parts: &Parts<'_>) -> Value {
    let pool = parts.ordering.pool.counters();
    let mut refused = parts.counters.refused.clone();
    for (code, count) in &pool.refused {
        *refused.entry(code.name()).or_default() += count;
    }
    let mut flat = Map::new();
    for (code, count) in refused {
        flat.insert(format!("refused.{code}"), json!(count));
    }
    for (kind, bytes) in &parts.counters.bytes_out {
        flat.insert(format!("bytes_out.{kind}"), json!(bytes));
    }
    for (kind, frames) in &parts.counters.frames_out {
        flat.insert(format!("frames_out.{kind}"), json!(frames));
    }
    flat.insert("signatures_checked".into(), json!(pool.signatures_checked));
    flat.insert("admitted".into(), json!(pool.admitted));
    flat.insert("fdatasync".into(), json!(parts.counters.fdatasync));
    flat.insert("dropped_full".into(), json!(parts.counters.dropped_full));
    flat.insert("malformed".into(), json!(parts.counters.malformed));
    Value::Object(flat)
}

fn executor(feed: &Feed, pid: Option<u32>) -> Value {
    match (feed.standing(), feed.halt()) {
        (_, Some((height, reason))) => {
            json!({ "pid": pid, "halted_at": height.0, "reason": reason })
        }
        (Some((height, root, sandbox)), None) => {
            json!({ "pid": pid, "height": height.0, "state_root": root.to_string(), "sandbox": sandbox })
        }
        (None, None) => Value::Null,
    }
}

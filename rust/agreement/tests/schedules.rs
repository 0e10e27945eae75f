//! Random schedules with one Byzantine validator: whatever the order, loss and
//! repetition of messages, and whoever crashes, no height is decided twice, and
//! once the network behaves every honest replica decides everything.

mod cluster;

use cluster::{Cluster, Packet, Setup};
use daicho_agreement::Origin;
use daicho_types::Monotonic;
use daicho_types::genesis::LeaderPolicy;

/// Schedules of the quick test.
const SCHEDULES: u64 = 10_000;
/// Rounds of one schedule.
const ROUNDS: u64 = 10;
/// Packets delivered in one round, at most.
const PACKETS_PER_ROUND: u64 = 70;
/// Packets on the wire at once; the oldest are lost beyond.
const WIRE_MAX: usize = 400;

/// xorshift64*: one seed, one schedule.
struct Dice(u64);

impl Dice {
    fn new(seed: u64) -> Self {
        Self(seed.wrapping_mul(0x9E37_79B9_7F4A_7C15) | 1)
    }

    fn roll(&mut self, sides: u64) -> u64 {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        (self.0.wrapping_mul(0x2545_F491_4F6C_DD1D) >> 33) % sides
    }

    fn index(&mut self, len: usize) -> usize {
        usize::try_from(self.roll(len as u64)).expect("small")
    }
}

/// What all schedules together came to.
#[derive(Debug, Default)]
struct Totals {
    decided: u64,
    views: u64,
    evidence: u64,
    crashes: u64,
}

fn cluster(seed: u64, dice: &mut Dice) -> Cluster {
    let round_robin = seed % 4 == 3;
    let mut cluster = Cluster::new(Setup {
        window: [2, 4, 8][dice.index(3)],
        policy: if round_robin {
            LeaderPolicy::RoundRobin
        } else {
            LeaderPolicy::Sticky
        },
        ..Setup::default()
    });
    // Mostly the first leader lies, since most is proposed by it.
    let liar = if dice.roll(2) == 0 { 0 } else { dice.index(4) };
    cluster.add_twin(liar);
    cluster.twin.as_mut().expect("just added").hears = dice.roll(16);
    cluster.members[4].context.skew_us = 1_000;
    for _ in 0..3 {
        cluster.submit(1, &[0, 1, 2, 3]);
        cluster.submit(1, &[4]);
    }
    cluster
}

/// Messages of one kind that do not arrive, for a while.
struct Blackout {
    kind: &'static str,
    /// Bits of the members that do not hear them.
    deaf: u64,
}

impl Blackout {
    fn roll(dice: &mut Dice) -> Self {
        const KINDS: [&str; 6] = [
            "pre_prepare",
            "prepare",
            "commit",
            "commit",
            "new_view",
            "blocks",
        ];
        Self {
            kind: KINDS[dice.index(KINDS.len())],
            deaf: dice.roll(32),
        }
    }

    fn swallows(&self, packet: &Packet) -> bool {
        self.kind == packet.content.kind() && self.deaf >> packet.to & 1 == 1
    }
}

/// In rounds: some messages do not get through, the rest do in nearly their
/// order, then time passes. Without the blackouts hardly a block is decided by
/// some and not by others, which is where view changes have their traps.
fn chaos(cluster: &mut Cluster, dice: &mut Dice, totals: &mut Totals) {
    cluster.tick();
    for _ in 0..ROUNDS {
        let blackouts = [Blackout::roll(dice), Blackout::roll(dice)];
        for _ in 0..dice.roll(PACKETS_PER_ROUND) {
            deliver(cluster, dice, &blackouts);
        }
        match dice.roll(10) {
            0..5 => jump(cluster, dice),
            5..7 => crash_or_restart(cluster, dice, totals),
            7 => cluster.twin.as_mut().expect("there is one").hears = dice.roll(16),
            _ => {}
        }
        while cluster.wire.len() > WIRE_MAX {
            cluster.wire.pop_front();
        }
    }
}

/// Lets up to two time-outs pass at once.
fn jump(cluster: &mut Cluster, dice: &mut Dice) {
    let us = [100_000, 600_000, 1_200_000, 2_500_000][dice.index(4)];
    cluster.advance_to(Monotonic(cluster.now.0 + us));
    cluster.tick();
}

fn advance(cluster: &mut Cluster) {
    let next = cluster.next_timer().unwrap_or(cluster.now);
    cluster.advance_to(Monotonic(next.0.max(cluster.now.0 + 1)));
}

fn deliver(cluster: &mut Cluster, dice: &mut Dice, blackouts: &[Blackout]) {
    if cluster.wire.is_empty() {
        return advance(cluster);
    }
    let late = dice.roll(10) == 0;
    let reach = if late { cluster.wire.len() } else { 1 };
    let place = dice.index(reach);
    let packet = cluster.wire.remove(place).expect("in range");
    if blackouts.iter().any(|b| b.swallows(&packet)) {
        return;
    }
    if dice.roll(30) == 0 {
        cluster.wire.push_back(packet.clone());
    }
    cluster.receive(packet);
}

fn crash_or_restart(cluster: &mut Cluster, dice: &mut Dice, totals: &mut Totals) {
    let index = dice.index(5);
    let member = &mut cluster.members[index];
    if member.replica.is_some() {
        totals.crashes += 1;
        member.crash();
    } else {
        member.restart(Origin::Known);
    }
}

/// The liar falls silent, everyone else is up, nothing is lost: all honest
/// replicas end with the same tip, and nothing is left in their pools.
fn calm(cluster: &mut Cluster, seed: u64) {
    let twin = cluster.twin.expect("there is one");
    cluster.members[twin.of].crash();
    cluster.members[twin.index].crash();
    for index in 0..4 {
        if index != twin.of && cluster.members[index].replica.is_none() {
            cluster.members[index].restart(Origin::Known);
        }
    }
    let end = Monotonic(cluster.now.0 + 200_000_000);
    while cluster.now < end {
        while let Some(packet) = cluster.wire.pop_front() {
            cluster.receive(packet);
        }
        advance(cluster);
    }
    let honest = (0..4).filter(|index| *index != twin.of);
    let tips: Vec<_> = honest
        .map(|index| {
            cluster.members[index]
                .replica
                .as_ref()
                .expect("up")
                .summary()
        })
        .collect();
    assert!(
        tips.iter().all(|s| s.tip == tips[0].tip && s.tip.0 >= 3),
        "seed {seed}: {tips:?}"
    );
}

fn schedule(seed: u64, totals: &mut Totals) {
    let mut dice = Dice::new(seed);
    let mut cluster = cluster(seed, &mut dice);
    chaos(&mut cluster, &mut dice, totals);
    if seed.is_multiple_of(10) {
        calm(&mut cluster, seed);
    }
    totals.decided += cluster.decided.len() as u64;
    for member in &cluster.members {
        for output in &member.noted {
            totals.evidence += output.evidence.len() as u64;
        }
        let summary = member.replica.as_ref().map(|r| r.summary());
        totals.views += summary.map_or(0, |s| s.view_changes);
    }
}

/// R33: "10,000 blocks under random partitions and 1 Byzantine node -> never
/// two commits at one height".
#[test]
fn r33_no_schedule_forks() {
    let mut totals = Totals::default();
    for seed in 0..SCHEDULES {
        schedule(seed, &mut totals);
    }
    println!("{totals:?}");
    assert!(totals.decided > SCHEDULES, "blocks are decided: {totals:?}");
    assert!(totals.views > SCHEDULES / 10, "views change: {totals:?}");
    assert!(
        totals.evidence > SCHEDULES / 10,
        "the liar lies: {totals:?}"
    );
    assert!(totals.crashes > SCHEDULES / 10, "nodes crash: {totals:?}");
}

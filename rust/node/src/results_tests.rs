//! Certified results from votes and from peers, and what peers cannot do.

use daicho_crypto::{Domain, Electorate, SigningKey, chain_id, result_payload};
use daicho_types::block::{CertificateSignature, ResultCertificate, ResultStatement, ResultVote};
use daicho_types::codec::{Blob, List};
use daicho_types::gateway::CertifiedResult;
use daicho_types::genesis::{
    ClockMode, Genesis, GenesisExecutor, GenesisNode, LeaderPolicy, Parameters, Purpose,
};
use daicho_types::ipc::Executed;
use daicho_types::result::{ResultBody, SealedReceipt};
use daicho_types::{AgreementKey, Code, ConsensusTime, Digest, Height, PartyId, ReplicaId};

use super::{Heard, Results, body_digest};

const NODES: u8 = 3;

fn key(node: u8) -> SigningKey {
    SigningKey::from_seed(&[node + 1; 32])
}

fn genesis() -> Genesis {
    let node = |number: u8| GenesisNode {
        name: Blob::new(vec![b'a' + number]).unwrap(),
        party: PartyId([number; 16]),
        vote_key: key(number + 100).public(),
        curve_key: [number; 32],
        validates: true,
        leader_eligible: true,
        executor: Some(GenesisExecutor {
            result_key: key(number).public(),
            hpke_key: AgreementKey([number; 32]),
            wrapped_secret: Blob::new(vec![0; 80]).unwrap(),
        }),
    };
    Genesis {
        name: Blob::new(b"net".to_vec()).unwrap(),
        purpose: Purpose::Test,
        clock: ClockMode::System,
        time: ConsensusTime(1),
        parameters: parameters(),
        nodes: List::new((0..NODES).map(node).collect()).unwrap(),
        parties: List::default(),
        approvers: List::default(),
        approvals_needed: 0,
        epoch_key: AgreementKey([0; 32]),
    }
}

fn parameters() -> Parameters {
    Parameters {
        leader_policy: LeaderPolicy::Sticky,
        window_heights: 8,
        checkpoint_heights: 8,
        result_window_heights: 32,
        block_items_max: 64,
        block_bytes_max: 1 << 20,
        block_interval_us: 0,
        idle_block_us: 0,
        time_bound_us: 1,
        time_bound_max_us: 1,
        view_timeout_us: 1,
        view_timeout_max_us: 1,
    }
}

fn results() -> Results {
    let genesis = genesis();
    let executors = Electorate::executors(&genesis);
    Results::new(chain_id(&genesis), executors, Height(0), None)
}

/// A body that differs from others by `mark`.
fn body(height: u64, mark: u16) -> ResultBody {
    let receipt = SealedReceipt {
        sealed: Blob::default(),
        control_code: mark,
    };
    ResultBody {
        height: Height(height),
        changes: List::default(),
        receipts: List::new(vec![receipt]).unwrap(),
        events: List::default(),
    }
}

fn vote(node: u8, body: &ResultBody) -> ResultVote {
    let statement = ResultStatement {
        height: body.height,
        block: Digest([1; 32]),
        state_root: Digest([2; 32]),
        receipts_root: Digest([3; 32]),
        events_root: Digest([4; 32]),
        body: body_digest(body),
        next_wakeup: ConsensusTime(0),
        execution_version: 1,
    };
    let chain = chain_id(&genesis());
    let payload = result_payload(&statement);
    ResultVote {
        replica: ReplicaId(node.into()),
        signature: key(node).sign(Domain::SignResult, &chain, &payload),
        statement,
    }
}

fn certified(body: &ResultBody) -> CertifiedResult {
    let signature = |node| {
        let vote = vote(node, body);
        CertificateSignature {
            replica: vote.replica,
            signature: vote.signature,
        }
    };
    CertifiedResult {
        certificate: ResultCertificate {
            statement: vote(0, body).statement,
            signatures: List::new((0..2).map(signature).collect()).unwrap(),
        },
        body: body.clone(),
    }
}

fn executed(node: u8, body: &ResultBody) -> Executed {
    Executed {
        vote: vote(node, body),
        body: body.clone(),
    }
}

#[test]
fn a_majority_of_equal_votes_certifies() {
    let (mut results, right) = (results(), body(1, 7));
    assert_eq!(results.hear_own(executed(0, &right)), Ok(Heard::Counted));
    let heard = results.hear_vote(vote(1, &right));
    assert!(matches!(heard, Ok(Heard::Certified(_))), "{heard:?}");
    assert_eq!(results.take_ready().map(|r| r.body), Some(right));
    assert_eq!(results.stored(), Height(1));
}

/// R23: bytes that no certificate names are not taken, and nobody who sends
/// them keeps the right ones out.
#[test]
fn garbage_of_a_peer_holds_up_nothing() {
    let (mut results, right) = (results(), body(1, 7));
    for mark in 100..200 {
        let garbage = CertifiedResult {
            body: body(1, mark),
            ..certified(&right)
        };
        assert_eq!(results.hear_result(garbage), Err(Code::Damaged));
        let forged = certified(&body(1, mark));
        let unsigned = CertifiedResult {
            certificate: ResultCertificate {
                signatures: List::default(),
                ..forged.certificate
            },
            ..forged
        };
        assert_eq!(results.hear_result(unsigned), Err(Code::Uncertified));
    }
    assert!(results.take_ready().is_none());
    assert_eq!(results.hear_result(certified(&right)), Ok(Heard::Nothing));
    assert_eq!(results.take_ready().map(|r| r.body), Some(right));
}

/// A divergent executor's body stands beside the certified one, in either
/// order, however often it says another.
#[test]
fn an_own_body_that_differs_gives_way() {
    for own_first in [true, false] {
        let (mut results, right) = (results(), body(1, 7));
        let say_own = |results: &mut Results| {
            for mark in 100..110 {
                // Only its first vote counts.
                let _ = results.hear_own(executed(0, &body(1, mark)));
            }
        };
        if own_first {
            say_own(&mut results);
        }
        assert!(results.hear_result(certified(&right)).is_ok());
        if !own_first {
            say_own(&mut results);
        }
        assert_eq!(results.take_ready().map(|r| r.body), Some(right));
    }
}

/// What is said again while nothing moves: own votes above what is stored.
#[test]
fn own_votes_are_at_hand_until_stored() {
    let mut results = results();
    for height in 1..=3 {
        let _ = results.hear_own(executed(0, &body(height, 7)));
        let _ = results.hear_vote(vote(1, &body(height, 8)));
    }
    let heights = |results: &Results, max| {
        let votes = results.votes_of(ReplicaId(0), max);
        votes
            .iter()
            .map(|v| v.statement.height.0)
            .collect::<Vec<_>>()
    };
    assert_eq!(heights(&results, 64), [1, 2, 3]);
    assert_eq!(heights(&results, 2), [1, 2]);
    let _ = results.hear_result(certified(&body(1, 7)));
    assert!(results.take_ready().is_some());
    assert_eq!(heights(&results, 64), [2, 3]);
}

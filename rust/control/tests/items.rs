//! What one item must be to stand in the next block.

mod common;

use common::*;
use daicho_control::{BadGenesis, ControlState, CurvePeer, EXPIRY_AHEAD_US_MAX, Entry};
use daicho_crypto::{BadCertificate, Domain, commit_payload};
use daicho_types::block::{CertificateSignature, CommitCertificate};
use daicho_types::codec::List;
use daicho_types::control::Command;
use daicho_types::envelope::Item;
use daicho_types::genesis::ClockMode;
use daicho_types::{Code, ConsensusTime, ContractId, Digest, Epoch, Height, ReplicaId, View};

fn check(state: &ControlState, who: u8, item: &Item) -> Result<(), Code> {
    let entry = Entry::unverified(item).verified(key(who).public());
    state.check_item(&entry, after(SECOND_US))
}

/// R8: "issX submits a transfer → refused(READ_ONLY); issX register query →
/// answered": it may not submit, and still has the authority that queries ask.
#[test]
fn r8_listed_company_reads_but_does_not_submit() {
    let state = start();
    assert_eq!(check(&state, MEMBER, &envelope(MEMBER, 0, 0)), Ok(()));
    assert_eq!(
        check(&state, ISS_X, &envelope(ISS_X, 0, 0)),
        Err(Code::ReadOnly)
    );
    let authority = state.authority(alias(ISS_X)).unwrap();
    assert!(authority.read_only);
    assert_eq!(authority.key, key(ISS_X).public());
}

/// R9: "Node with unissued cert dials → handshake dropped and logged; after
/// `admit` tx it syncs": its CURVE key is let in from the block after.
#[test]
fn r9_admitted_by_approvers_and_let_in_from_then_on() {
    let state = start();
    let peer = (CurvePeer::Party(alias(STRANGER)), [STRANGER; 32]);
    assert!(!state.curve_keys().any(|known| known == peer));
    assert_eq!(
        check(&state, STRANGER, &envelope(STRANGER, 0, 0)),
        Err(Code::UnknownSender)
    );

    let admit = control(chain(), ADM, 0, Command::Admit(record(STRANGER)), &[BANK_A]);
    let state = next(&state, &[(ADM, admit)]);
    assert!(state.curve_keys().any(|known| known == peer));
    assert_eq!(check(&state, STRANGER, &envelope(STRANGER, 0, 0)), Ok(()));

    let revoke = control(chain(), ADM, 1, Command::Revoke(alias(STRANGER)), &[BANK_A]);
    let state = next(&state, &[(ADM, revoke)]);
    assert!(!state.curve_keys().any(|known| known == peer));
    assert_eq!(state.authority(alias(STRANGER)), None);
    assert_eq!(
        state.party(alias(STRANGER)).unwrap().revoked,
        Some(Height(2))
    );
    assert_eq!(
        check(&state, STRANGER, &envelope(STRANGER, 0, 0)),
        Err(Code::Revoked)
    );
    let again = control(chain(), ADM, 2, Command::Admit(record(STRANGER)), &[BANK_A]);
    assert_eq!(check(&state, ADM, &again), Err(Code::Revoked));
}

/// R11: "Member non-validator submits trade → committed; its forged vote →
/// ignored and logged": the item is valid, the vote is no signer's.
#[test]
fn r11_member_submits_but_has_no_vote() {
    let state = start();
    let committed = next(&state, &[(MEMBER, envelope(MEMBER, 0, 0))]);
    assert_eq!(committed.window(alias(MEMBER), 0).oldest_unused(), 1);

    let payload = commit_payload(View(0), Height(1), Digest::ZERO);
    let mut votes: Vec<_> = (0..2)
        .map(|node| CertificateSignature {
            replica: ReplicaId(u16::from(node)),
            signature: vote_key(node).sign(Domain::SignCommit, &chain(), &payload),
        })
        .collect();
    votes.push(CertificateSignature {
        replica: ReplicaId(7),
        signature: key(MEMBER).sign(Domain::SignCommit, &chain(), &payload),
    });
    let forged = CommitCertificate {
        view: View(0),
        height: Height(1),
        block: Digest::ZERO,
        signatures: List::new(votes).unwrap(),
    };
    let refused = Err(BadCertificate::Signer(ReplicaId(7)));
    assert_eq!(state.validators().check_commit(&forged), refused);
}

/// R12: "Second validator cert with same LEI → refused(ENTITY_LIMIT)".
#[test]
fn r12_one_validator_per_entity() {
    let mut genesis = genesis();
    let mut nodes = genesis.nodes.clone().into_inner();
    nodes[3].party = nodes[0].party;
    genesis.nodes = List::new(nodes.clone()).unwrap();
    let refused = ControlState::from_genesis(&genesis).unwrap_err();
    assert_eq!(
        refused,
        BadGenesis::EntityLimit(nodes[0].party, ReplicaId(3))
    );
    assert_eq!(refused.code(), Code::EntityLimit);

    // A second node that neither validates nor executes is no second vote.
    let mut reader = nodes[0].clone();
    (reader.validates, reader.leader_eligible, reader.executor) = (false, false, None);
    reader.vote_key = key(77).public();
    reader.curve_key = [77; 32];
    reader.name = daicho_types::codec::Blob::new(b"reader".to_vec()).unwrap();
    nodes[3].party = daicho_types::PartyId([99; 16]);
    nodes.push(reader);
    genesis.nodes = List::new(nodes).unwrap();
    assert!(ControlState::from_genesis(&genesis).is_ok());
}

/// R17: "Parameter change needs the configured vote; `adm` alone →
/// refused(QUORUM)".
#[test]
fn r17_changes_need_the_configured_approvals() {
    let state = start();
    let try_with = |approvers: &[u8]| {
        let item = control(chain(), ADM, 0, deploy(1, "cash", b"code"), approvers);
        check(&state, ADM, &item)
    };
    assert_eq!(try_with(&[]), Err(Code::Quorum), "adm alone");
    assert_eq!(try_with(&[ADM]), Err(Code::Quorum), "adm twice");
    assert_eq!(try_with(&[MEMBER]), Err(Code::Quorum), "no approver");
    assert_eq!(try_with(&[BANK_A]), Ok(()));
    assert_eq!(try_with(&[BANK_A, BANK_B]), Ok(()));

    let mut forged = control(chain(), ADM, 0, deploy(1, "cash", b"code"), &[BANK_A]);
    let Item::Control(tx) = &mut forged else {
        unreachable!()
    };
    tx.command = deploy(1, "cash", b"other code");
    assert_eq!(check(&state, ADM, &forged), Err(Code::Quorum));
    let by_member = control(chain(), MEMBER, 0, deploy(1, "c", b"c"), &[ADM, BANK_A]);
    assert_eq!(check(&state, MEMBER, &by_member), Err(Code::Role));
}

/// R17: the approvers that are needed cannot be revoked or silenced away.
#[test]
fn r17_approvals_stay_possible() {
    let revoke = |seq, who| control(chain(), ADM, seq, Command::Revoke(alias(who)), &[BANK_A]);
    let state = next(&start(), &[(ADM, revoke(0, BANK_B))]);
    assert_eq!(check(&state, ADM, &revoke(1, BANK_A)), Err(Code::Quorum));
    let mut silent = record(BANK_A);
    silent.read_only = true;
    let silence = control(chain(), ADM, 1, Command::Admit(silent), &[BANK_A]);
    assert_eq!(check(&state, ADM, &silence), Err(Code::Quorum));
    assert_eq!(check(&state, ADM, &revoke(1, MEMBER)), Ok(()));
}

#[test]
fn a_signature_counts_under_the_key_of_the_day_only() {
    let state = start();
    let item = envelope(MEMBER, 0, 0);
    let unverified = Entry::unverified(&item);
    let time = after(1);
    assert_eq!(state.check_item(&unverified, time), Err(Code::Signature));
    assert_eq!(check(&state, STRANGER, &item), Err(Code::Signature));

    let mut renewed = record(MEMBER);
    renewed.key = key(STRANGER).public();
    let admit = control(chain(), ADM, 0, Command::Admit(renewed), &[BANK_A]);
    let state = next(&state, &[(ADM, admit)]);
    assert_eq!(check(&state, MEMBER, &item), Err(Code::Signature));
    assert_eq!(check(&state, STRANGER, &item), Ok(()));
}

#[test]
fn form_chain_epoch_and_lane() {
    let state = start();
    let with = |change: &dyn Fn(&mut daicho_types::envelope::Envelope)| {
        let mut envelope = unsigned(MEMBER, 0, 0);
        change(&mut envelope);
        check(&state, MEMBER, &sign(MEMBER, envelope))
    };
    assert_eq!(with(&|_| {}), Ok(()));
    let wrong = Err(Code::WrongChain);
    assert_eq!(with(&|e| e.header.chain = Digest::ZERO), wrong);
    assert_eq!(with(&|e| e.header.version = 2), wrong);
    assert_eq!(with(&|e| e.header.suite = 2), wrong);
    assert_eq!(with(&|e| e.header.epoch = Epoch(1)), Err(Code::Seal));
    assert_eq!(with(&|e| e.header.size_class = 1), Err(Code::Malformed));
    assert_eq!(with(&|e| e.header.size_class = 5), Err(Code::Malformed));
    assert_eq!(with(&|e| e.header.lane = 64), Err(Code::TooLarge));
    assert_eq!(with(&|e| e.header.lane = 63), Ok(()));
    assert_eq!(
        with(&|e| e.header.sequence = 1024),
        Err(Code::SequenceAhead)
    );
}

#[test]
fn expiry_is_neither_past_nor_far_off() {
    let state = start();
    let time = after(SECOND_US);
    let with = |expiry| {
        let mut envelope = unsigned(MEMBER, 0, 0);
        envelope.header.expiry = ConsensusTime(expiry);
        let item = sign(MEMBER, envelope);
        let entry = Entry::unverified(&item).verified(key(MEMBER).public());
        state.check_item(&entry, time)
    };
    assert_eq!(with(time.0), Ok(()));
    assert_eq!(with(time.0 - 1), Err(Code::Expired));
    assert_eq!(with(time.0 + EXPIRY_AHEAD_US_MAX), Ok(()));
    assert_eq!(with(time.0 + EXPIRY_AHEAD_US_MAX + 1), Err(Code::Expired));
}

/// "Moves the steered clock; refused where the clock is the system's."
#[test]
fn clock_is_steered_only_where_genesis_says_so() {
    let steer = |chain, at| control(chain, ADM, 0, Command::SteerTime(at), &[BANK_A]);
    let system = start();
    assert_eq!(
        check(&system, ADM, &steer(chain(), after(5))),
        Err(Code::Clock)
    );
    let mut genesis = genesis();
    genesis.clock = ClockMode::Steered;
    let state = ControlState::from_genesis(&genesis).unwrap();
    let id = state.chain();
    assert_eq!(check(&state, ADM, &steer(id, after(5))), Ok(()));
    assert_eq!(check(&state, ADM, &steer(id, START)), Err(Code::Clock));

    let items = [(ADM, steer(id, after(7_000)))];
    let entries = entries(&items);
    let wall = daicho_types::WallClock(0);
    assert_eq!(state.next_time(wall), Some(after(1)), "it stands still");
    let header = state.draft(after(1), &entries, None);
    assert_eq!(state.valid_block(&header, &entries), Ok(()));
    let (state, _) = state.apply_block(&header, &entries);
    assert_eq!(state.next_time(wall), Some(after(7_000)));
    let wrong = state.draft(after(7_001), &[], None);
    assert!(state.valid_block(&wrong, &[]).is_err());
    let right = state.draft(after(7_000), &[], None);
    assert_eq!(state.valid_block(&right, &[]), Ok(()));
}

#[test]
fn contracts_keep_their_number_and_name() {
    let tx = |sequence, command| (ADM, control(chain(), ADM, sequence, command, &[BANK_A]));
    let state = next(&start(), &[tx(0, deploy(1, "cash", b"v1"))]);
    let first = state.contract(ContractId(1)).unwrap().clone();
    assert_eq!((first.deployed, first.changed), (Height(1), Height(1)));

    let (_, other) = tx(1, deploy(1, "bond", b"v2"));
    assert_eq!(check(&state, ADM, &other), Err(Code::NoContract));
    let (_, empty) = tx(1, deploy(2, "bond", b""));
    assert_eq!(check(&state, ADM, &empty), Err(Code::BadArtefact));

    let state = next(&state, &[tx(1, deploy(1, "cash", b"v2"))]);
    let second = state.contract(ContractId(1)).unwrap();
    assert_eq!((second.deployed, second.changed), (Height(1), Height(2)));
    assert_ne!(second.code, first.code);
}

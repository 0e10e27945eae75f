//! A client believes nothing but what the genesis proves: one honest reply
//! passes, and the same reply with any one thing changed does not.

use daicho_crypto::*;
use daicho_types::block::*;
use daicho_types::codec::{Blob, List};
use daicho_types::envelope::{Call, GasClass, Item};
use daicho_types::gateway::{CertifiedResult, ReceiptEntry, Receipts};
use daicho_types::genesis::*;
use daicho_types::result::*;
use daicho_types::*;

const NODES: u8 = 4;

fn vote_key(node: u8) -> SigningKey {
    SigningKey::from_seed(&[node + 1; 32])
}

fn result_key(node: u8) -> SigningKey {
    SigningKey::from_seed(&[node + 101; 32])
}

fn epoch() -> SealKeyPair {
    epoch_keys(&Secret::new([77; 32]), Epoch(0))
}

fn genesis() -> Genesis {
    let node = |n: u8| GenesisNode {
        name: Blob::new(vec![b'a' + n]).unwrap(),
        party: PartyId([n; 16]),
        vote_key: vote_key(n).public(),
        curve_key: [n; 32],
        validates: true,
        leader_eligible: true,
        executor: Some(GenesisExecutor {
            result_key: result_key(n).public(),
            hpke_key: AgreementKey([n; 32]),
            wrapped_secret: Blob::new(vec![0; WRAPPED_SECRET_BYTES]).unwrap(),
        }),
    };
    Genesis {
        name: Blob::new(b"test".to_vec()).unwrap(),
        purpose: Purpose::Test,
        clock: ClockMode::System,
        time: ConsensusTime(1),
        parameters: Parameters {
            leader_policy: LeaderPolicy::Sticky,
            window_heights: 8,
            checkpoint_heights: 64,
            result_window_heights: 64,
            block_items_max: 100,
            block_bytes_max: 4 << 20,
            block_interval_us: 1,
            idle_block_us: 0,
            time_bound_us: 1,
            time_bound_max_us: 1,
            view_timeout_us: 1,
            view_timeout_max_us: 1,
        },
        nodes: List::new((0..NODES).map(node).collect()).unwrap(),
        parties: List::default(),
        approvers: List::new(vec![Alias([1; 16])]).unwrap(),
        approvals_needed: 1,
        epoch_key: epoch().public(),
    }
}

fn client() -> ClientSession {
    let chain = chain_id(&genesis());
    ClientSession::open(&epoch().public(), chain, Epoch(0), &[5; 32]).unwrap()
}

fn item(price: i128, sequence: u64) -> Item {
    let call = Call {
        contract: ContractId(7),
        entry: 1,
        arguments: Blob::new(price.to_le_bytes().to_vec()).unwrap(),
        cosignatures: List::default(),
    };
    let origin = Origin {
        sender: Alias([9; 16]),
        lane: 0,
        sequence,
        expiry: ConsensusTime(1_000),
    };
    let key = SigningKey::from_seed(&[50; 32]);
    let salt = [sequence as u8; 16];
    seal_envelope(&key, &client(), &origin, GasClass::Small, salt, &call).unwrap()
}

fn ids(item: &Item) -> (Digest, Digest) {
    let id = tx_id(item);
    (id, witness_id(id, item.signature()))
}

/// A block of two transactions, decided and executed by everybody.
struct World {
    items: Vec<Item>,
    header: BlockHeader,
    commit: CommitCertificate,
    body: ResultBody,
    result: ResultCertificate,
}

fn signatures(
    keys: impl Fn(u8) -> SigningKey,
    domain: Domain,
    payload: &[u8],
) -> List<CertificateSignature, { limits::NODES_MAX }> {
    let chain = chain_id(&genesis());
    let sign = |n: u8| CertificateSignature {
        replica: ReplicaId(n.into()),
        signature: keys(n).sign(domain, &chain, payload),
    };
    List::new((0..3).map(sign).collect()).unwrap()
}

fn receipt(item: &Item, index: u32) -> SealedReceipt {
    let (id, _) = ids(item);
    let (sender, lane, sequence) = item.origin();
    let receipt = Receipt {
        tx_id: id,
        sender,
        lane,
        sequence,
        height: Height(1),
        index,
        block_time: ConsensusTime(10),
        status: ReceiptStatus::Ok,
        code: Blob::new(b"OK".to_vec()).unwrap(),
        gas_used: 3,
        steps: 2,
        result: Blob::default(),
        events: List::default(),
    };
    let sealed = seal_receipt(&client().secret, &id, &receipt).unwrap();
    SealedReceipt {
        sealed: Blob::new(sealed).unwrap(),
        control_code: 0,
    }
}

fn world() -> World {
    let items = vec![item(100, 0), item(2_000_000_000, 1)];
    let witnesses: Vec<_> = items.iter().map(|item| ids(item).1).collect();
    let header = BlockHeader {
        protocol: PROTOCOL_VERSION,
        height: Height(1),
        parent: chain_id(&genesis()),
        time: ConsensusTime(10),
        feeds: List::default(),
        result: None,
        witness_root: merkle_root(&witnesses),
        items: 2,
        control: Digest::ZERO,
        validators: validator_set(&genesis()),
    };
    let block = block_digest(&header);
    let commit_votes = commit_payload(View(0), Height(1), block);
    let receipts = vec![receipt(&items[0], 0), receipt(&items[1], 1)];
    let body = ResultBody {
        height: Height(1),
        changes: List::default(),
        receipts: List::new(receipts).unwrap(),
        events: List::default(),
    };
    let statement = ResultStatement {
        height: Height(1),
        block,
        state_root: Digest([3; 32]),
        receipts_root: receipts_root(&body.receipts),
        events_root: events_root(&body.events),
        body: body_digest(&body),
        next_wakeup: ConsensusTime(0),
        execution_version: 1,
    };
    let result_votes = result_payload(&statement);
    World {
        items,
        header,
        commit: CommitCertificate {
            view: View(0),
            height: Height(1),
            block,
            signatures: signatures(vote_key, Domain::SignCommit, &commit_votes),
        },
        body,
        result: ResultCertificate {
            statement,
            signatures: signatures(result_key, Domain::SignResult, &result_votes),
        },
    }
}

/// The reply about the second transaction.
fn reply(world: &World) -> Receipts {
    let witnesses: Vec<_> = world.items.iter().map(|item| ids(item).1).collect();
    let (id, witness) = ids(&world.items[1]);
    Receipts {
        header: world.header.clone(),
        commit: world.commit.clone(),
        result: Some(world.result.clone()),
        entries: List::new(vec![ReceiptEntry {
            tx_id: id,
            witness_id: witness,
            witness_path: merkle_path(&witnesses, 1),
            receipt: Some(world.body.receipts[1].clone()),
            receipt_path: Some(receipt_path(&world.body.receipts, 1)),
        }])
        .unwrap(),
    }
}

fn known(world: &World) -> Known {
    Known {
        session: Some(client().secret),
        witness_id: Some(ids(&world.items[1]).1),
    }
}

fn check(reply: &Receipts, known: &Known) -> Result<Outcome, BadReceipt> {
    let mut checker = ReceiptChecker::new(&genesis());
    checker.check_block(reply)?;
    checker.check_entry(reply, &reply.entries[0], known)
}

fn with_entry(mut reply: Receipts, change: impl Fn(&mut ReceiptEntry)) -> Receipts {
    let mut entries = reply.entries.into_inner();
    change(&mut entries[0]);
    reply.entries = List::new(entries).unwrap();
    reply
}

#[test]
fn an_honest_reply_opens_the_receipt() {
    let world = world();
    let Ok(Outcome::Final(receipt)) = check(&reply(&world), &known(&world)) else {
        panic!("the reply is honest");
    };
    assert_eq!((receipt.sequence, receipt.gas_used), (1, 3));
    let sealed = check(&reply(&world), &Known::default());
    assert_eq!(sealed, Ok(Outcome::Sealed), "no session, no plaintext");
}

#[test]
fn without_a_result_it_is_ordered_and_no_more() {
    let world = world();
    let mut ordered = with_entry(reply(&world), |entry| {
        (entry.receipt, entry.receipt_path) = (None, None);
    });
    ordered.result = None;
    assert_eq!(check(&ordered, &known(&world)), Ok(Outcome::Ordered));
}

/// R34: "Commit certificate of any past block verifies offline from the
/// genesis keys" — and one that is short, doubled or of another block does not.
#[test]
fn a_commit_certificate_needs_its_quorum_and_its_block() {
    let world = world();
    let mut short = reply(&world);
    let mut votes = short.commit.signatures.into_inner();
    votes.pop();
    short.commit.signatures = List::new(votes.clone()).unwrap();
    let too_few = BadCertificate::TooFew { have: 2, need: 3 };
    assert_eq!(
        check(&short, &known(&world)),
        Err(BadReceipt::Commit(too_few))
    );

    votes.push(votes[1].clone());
    short.commit.signatures = List::new(votes).unwrap();
    let doubled = BadReceipt::Commit(BadCertificate::Signer(ReplicaId(1)));
    assert_eq!(check(&short, &known(&world)), Err(doubled));

    let mut other = reply(&world);
    other.header.time = ConsensusTime(11);
    assert_eq!(check(&other, &known(&world)), Err(BadReceipt::OtherBlock));
}

#[test]
fn a_result_certificate_is_of_executors_and_of_this_block() {
    let world = world();
    let mut forged = reply(&world);
    let result = forged.result.as_mut().unwrap();
    result.statement.state_root = Digest([4; 32]);
    let broken = BadReceipt::Result(BadCertificate::Signature(ReplicaId(0)));
    assert_eq!(check(&forged, &known(&world)), Err(broken));

    let mut other = reply(&world);
    other.result.as_mut().unwrap().statement.height = Height(2);
    assert_eq!(check(&other, &known(&world)), Err(BadReceipt::OtherResult));
}

#[test]
fn a_receipt_of_another_transaction_does_not_pass() {
    let world = world();
    let swapped = with_entry(reply(&world), |entry| {
        entry.receipt = Some(world.body.receipts[0].clone());
        entry.receipt_path = Some(receipt_path(&world.body.receipts, 0));
    });
    let bad = check(&swapped, &known(&world));
    assert_eq!(
        bad,
        Err(BadReceipt::ReceiptPath),
        "another place in the result"
    );

    let renamed = with_entry(reply(&world), |entry| entry.tx_id = ids(&world.items[0]).0);
    assert_eq!(check(&renamed, &known(&world)), Err(BadReceipt::Seal));

    let moved = with_entry(reply(&world), |entry| entry.witness_path.index = 0);
    assert_eq!(check(&moved, &known(&world)), Err(BadReceipt::WitnessPath));

    let mut other = known(&world);
    other.witness_id = Some(Digest([1; 32]));
    assert_eq!(check(&reply(&world), &other), Err(BadReceipt::Witness));
}

#[test]
fn a_certificate_remembered_as_good_does_not_vouch_for_another() {
    let world = world();
    let mut checker = ReceiptChecker::new(&genesis());
    checker.check_block(&reply(&world)).unwrap();
    let mut other = reply(&world);
    other.header.items = 3;
    assert_eq!(checker.check_block(&other), Err(BadReceipt::OtherBlock));
    let mut short = reply(&world);
    let mut votes = short.commit.signatures.into_inner();
    votes.pop();
    short.commit.signatures = List::new(votes).unwrap();
    assert!(checker.check_block(&short).is_err());
}

#[test]
fn a_block_carries_the_items_of_its_header_and_a_result_its_body() {
    let world = world();
    let mut checker = ReceiptChecker::new(&genesis());
    let bytes = |item: &Item| Blob::new(codec::Encode::to_bytes(item)).unwrap();
    let mut block = CommittedBlock {
        header: world.header.clone(),
        items: List::new(world.items.iter().map(bytes).collect()).unwrap(),
        certificate: world.commit.clone(),
    };
    assert_eq!(checker.check_committed(&block), Ok(world.commit.block));
    block.items = List::new(vec![bytes(&world.items[0]), bytes(&item(5, 1))]).unwrap();
    assert_eq!(checker.check_committed(&block), Err(BadReceipt::Items));

    let mut result = CertifiedResult {
        certificate: world.result.clone(),
        body: world.body.clone(),
    };
    assert_eq!(checker.check_certified(&result), Ok(()));
    result.body.height = Height(2);
    assert_eq!(checker.check_certified(&result), Err(BadReceipt::Body));
}

#[test]
fn items_that_differ_only_in_price_have_one_length() {
    let lengths = [0, 1, -1, i128::MAX].map(|price| codec::Encode::to_bytes(&item(price, 3)).len());
    assert!(lengths.iter().all(|length| *length == lengths[0]));
}

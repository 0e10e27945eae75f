//! A ledger of four validators and one executor, without a node: blocks are made,
//! decided and certified here, and handed back when the executor asks for them.
#![allow(dead_code)]

#[path = "../../../execution/tests/common/asm.rs"]
pub mod asm;
#[path = "../../../execution/tests/common/literal.rs"]
pub mod literal;

use std::collections::BTreeMap;

use daicho_crypto::{
    ClientSession, Domain, ExecutorSeeds, Origin, Secret, SigningKey, block_digest, body_digest,
    chain_id, commit_payload, consent, epoch_keys, merkle_root, open_answer, open_receipt,
    receipts_root, result_payload, seal_envelope, seal_query, sign_control, tx_id, witness_id,
    wrap_epoch_secret,
};
use daicho_executor::{Executor, Step};
use daicho_types::block::{
    BlockHeader, CertificateSignature, CommitCertificate, CommittedBlock, PROTOCOL_VERSION,
    ResultCertificate,
};
use daicho_types::codec::{Blob, Decode, Encode, List};
use daicho_types::control::{Command, Deploy};
use daicho_types::envelope::{Call, GasClass, Item, QueryAnswer, Question};
use daicho_types::gateway::CertifiedResult;
use daicho_types::genesis::{
    ClockMode, Genesis, GenesisExecutor, GenesisNode, LeaderPolicy, Parameters, PartyRecord,
    Purpose,
};
use daicho_types::ipc::{Answer, Past, PastBlock};
use daicho_types::result::{Receipt, SealedReceipt};
use daicho_types::trace::{Trace, TraceQuestion};
use daicho_types::{
    Alias, ConsensusTime, ContractId, Digest, Epoch, Height, PartyId, ReplicaId, View, roles,
};

/// The administrator, who also approves, and three members.
pub const ADM: u8 = 1;
pub const BANK_A: u8 = 2;
pub const BANK_B: u8 = 3;
pub const BANK_C: u8 = 4;
pub const CONTRACT: u32 = 7;
const START_US: u64 = 1_000_000_000;
const BLOCK_US: u64 = 1_000_000;
const EXPIRY: ConsensusTime = ConsensusTime(START_US + 3_600 * BLOCK_US);

fn key(who: u8) -> SigningKey {
    SigningKey::from_seed(&[who; 32])
}

fn vote_key(node: u8) -> SigningKey {
    SigningKey::from_seed(&[100 + node; 32])
}

pub fn alias(who: u8) -> Alias {
    Alias([who; 16])
}

pub fn record(who: u8, roles: u32) -> PartyRecord {
    PartyRecord {
        alias: alias(who),
        party: PartyId([who; 16]),
        key: key(who).public(),
        roles,
        read_only: false,
        curve_key: [who; 32],
        certificate: Digest([who; 32]),
    }
}

fn seeds() -> ExecutorSeeds {
    ExecutorSeeds {
        result: Secret::new([150; 32]),
        seal: Secret::new([151; 32]),
        store: Secret::new([152; 32]),
    }
}

fn node(index: u8, secret: &Secret) -> GenesisNode {
    let keys = seeds().keys();
    let wrapped = wrap_epoch_secret(&keys.seal.public(), Epoch(0), secret, &[153; 32]);
    let executor = GenesisExecutor {
        result_key: keys.result.public(),
        hpke_key: keys.seal.public(),
        wrapped_secret: Blob::new(wrapped.unwrap().to_vec()).unwrap(),
    };
    GenesisNode {
        name: Blob::new(format!("n{index}").into_bytes()).unwrap(),
        party: PartyId([200 + index; 16]),
        vote_key: vote_key(index).public(),
        curve_key: [200 + index; 32],
        validates: true,
        leader_eligible: true,
        executor: (index == 0).then_some(executor),
    }
}

fn genesis() -> Genesis {
    let secret = Secret::new([160; 32]);
    let members = [BANK_A, BANK_B, BANK_C].map(|who| record(who, roles::MEMBER));
    let parties = [vec![record(ADM, roles::ADMINISTRATOR)], members.to_vec()].concat();
    Genesis {
        name: Blob::new(b"test".to_vec()).unwrap(),
        purpose: Purpose::Test,
        clock: ClockMode::System,
        time: ConsensusTime(START_US),
        parameters: Parameters {
            leader_policy: LeaderPolicy::Sticky,
            window_heights: 8,
            checkpoint_heights: 4,
            result_window_heights: 3,
            block_items_max: 16,
            block_bytes_max: 1024 * 1024,
            block_interval_us: 0,
            idle_block_us: 0,
            time_bound_us: 3_000_000,
            time_bound_max_us: 60_000_000,
            view_timeout_us: 1_000_000,
            view_timeout_max_us: 60_000_000,
        },
        nodes: List::new((0..4).map(|index| node(index, &secret)).collect()).unwrap(),
        parties: List::new(parties).unwrap(),
        approvers: List::new(vec![alias(ADM)]).unwrap(),
        approvals_needed: 1,
        epoch_key: epoch_keys(&secret, Epoch(0)).public(),
    }
}

/// The ledger as its one executor and its clients know it.
pub struct Ledger {
    genesis: Genesis,
    pub executor: Executor,
    pub journal: Vec<u8>,
    pub kept: BTreeMap<Height, PastBlock>,
    parent: Digest,
    sequence: u64,
    session: ClientSession,
}

impl Ledger {
    pub fn new() -> Self {
        let genesis = genesis();
        let chain = chain_id(&genesis);
        let session = ClientSession::open(&genesis.epoch_key, chain, Epoch(0), &[8; 32]);
        Self {
            executor: Self::open(&genesis, &[]),
            genesis,
            journal: Vec::new(),
            kept: BTreeMap::new(),
            parent: chain,
            sequence: 0,
            session: session.unwrap(),
        }
    }

    fn open(genesis: &Genesis, journal: &[u8]) -> Executor {
        let opened = Executor::open(genesis, ReplicaId(0), seeds().keys(), journal);
        opened.unwrap().0
    }

    /// Ends the executor; another follows the chain again from its journal.
    pub fn restart(&mut self) {
        self.executor = Self::open(&self.genesis, &self.journal);
        for kept in self.kept.values() {
            let step = self.executor.prepare(&kept.block).unwrap();
            assert!(matches!(step, Step::Known(_)), "it ran before");
            self.executor.certified(&kept.result.certificate).unwrap();
        }
    }

    fn origin(&mut self, sender: u8) -> Origin {
        self.sequence += 1;
        Origin {
            sender: alias(sender),
            lane: 0,
            sequence: self.sequence,
            expiry: EXPIRY,
        }
    }

    /// A call, with the consents of others.
    pub fn call(&mut self, sender: u8, entry: u32, arguments: &[u8], cosigners: &[u8]) -> Item {
        let origin = self.origin(sender);
        let mut call = Call {
            contract: ContractId(CONTRACT),
            entry,
            arguments: Blob::new(arguments.to_vec()).unwrap(),
            cosignatures: List::default(),
        };
        let chain = chain_id(&self.genesis);
        let consents = cosigners.iter();
        let consents = consents.map(|who| consent(&key(*who), alias(*who), &chain, &origin, &call));
        let consents = consents.collect();
        call.cosignatures = List::new(consents).unwrap();
        let class = GasClass::Small;
        let sealed = seal_envelope(&key(sender), &self.session, &origin, class, [0; 16], &call);
        sealed.unwrap()
    }

    pub fn control(&mut self, command: Command) -> Item {
        let origin = self.origin(ADM);
        sign_control(
            &key(ADM),
            &chain_id(&self.genesis),
            &origin,
            command,
            Vec::new(),
        )
        .unwrap()
    }

    pub fn deploy(&mut self, source: &str) -> Item {
        self.control(Command::Deploy(Deploy {
            contract: ContractId(CONTRACT),
            name: Blob::new(b"books".to_vec()).unwrap(),
            artefact: Blob::new(asm::assemble(source)).unwrap(),
        }))
    }

    /// Decides, executes and certifies a block; its height.
    pub fn block(&mut self, items: &[Item]) -> Height {
        let block = self.decided(items);
        let height = block.header.height;
        let Step::Run(prepared) = self.executor.prepare(&block).unwrap() else {
            panic!("a block of the past");
        };
        self.journal.extend_from_slice(&prepared.record);
        let executed = self.executor.take(*prepared);
        let certificate = ResultCertificate {
            signatures: List::new(vec![CertificateSignature {
                replica: ReplicaId(0),
                signature: executed.vote.signature,
            }])
            .unwrap(),
            statement: executed.vote.statement,
        };
        self.executor.certified(&certificate).unwrap();
        let body = executed.body;
        let result = CertifiedResult { certificate, body };
        self.kept.insert(height, PastBlock { block, result });
        height
    }

    fn decided(&mut self, items: &[Item]) -> CommittedBlock {
        let height = self.executor.height().next();
        let leaves: Vec<_> = items
            .iter()
            .map(|i| witness_id(tx_id(i), i.signature()))
            .collect();
        let header = BlockHeader {
            protocol: PROTOCOL_VERSION,
            height,
            parent: self.parent,
            time: ConsensusTime(START_US + height.0 * BLOCK_US),
            feeds: List::default(),
            result: None,
            witness_root: merkle_root(&leaves),
            items: items.len() as u32,
            control: Digest::ZERO,
            validators: Digest::ZERO,
        };
        let digest = block_digest(&header);
        self.parent = digest;
        let payload = commit_payload(View(0), height, digest);
        let chain = chain_id(&self.genesis);
        let vote = |node: u8| CertificateSignature {
            replica: ReplicaId(node.into()),
            signature: vote_key(node).sign(Domain::SignCommit, &chain, &payload),
        };
        CommittedBlock {
            header,
            items: List::new(
                items
                    .iter()
                    .map(|i| Blob::new(i.to_bytes()).unwrap())
                    .collect(),
            )
            .unwrap(),
            certificate: CommitCertificate {
                view: View(0),
                height,
                block: digest,
                signatures: List::new((0..3).map(vote).collect()).unwrap(),
            },
        }
    }

    /// Has the executors certify other receipts for a block, from the same state.
    pub fn forge(&mut self, height: Height, receipts: &[SealedReceipt]) {
        let result = &mut self.kept.get_mut(&height).unwrap().result;
        result.body.receipts = List::new(receipts.to_vec()).unwrap();
        let statement = &mut result.certificate.statement;
        statement.receipts_root = receipts_root(receipts);
        statement.body = body_digest(&result.body);
        let (chain, payload) = (chain_id(&self.genesis), result_payload(statement));
        let key = seeds().keys().result;
        let signatures = vec![CertificateSignature {
            replica: ReplicaId(0),
            signature: key.sign(Domain::SignResult, &chain, &payload),
        }];
        result.certificate.signatures = List::new(signatures).unwrap();
    }

    /// The receipt of an item, as its sender opens it.
    pub fn receipt(&self, height: Height, index: usize, item: &Item) -> Receipt {
        let sealed = &self.kept[&height].result.body.receipts[index].sealed;
        open_receipt(&self.session.secret, &tx_id(item), sealed).unwrap()
    }

    /// Asks, and leaves the question where it waits.
    pub fn ask(&mut self, who: u8, tx_id: Digest, height: Height) -> Option<Answer> {
        self.sequence += 1;
        let mut nonce = [who; 16];
        nonce[..8].copy_from_slice(&self.sequence.to_le_bytes());
        let question = Question::Trace(TraceQuestion { tx_id, height });
        let query = seal_query(
            &key(who),
            &self.session,
            alias(who),
            nonce,
            EXPIRY,
            &question,
        );
        let answer = self.executor.answer(self.sequence, &query.unwrap());
        answer.inspect(|answer| assert_eq!(answer.id, self.sequence))
    }

    /// What an answer to the last question says.
    pub fn opened(&self, who: u8, answer: &Answer) -> QueryAnswer {
        let mut nonce = [who; 16];
        nonce[..8].copy_from_slice(&answer.id.to_le_bytes());
        let opened = open_answer(&self.session.secret, &nonce, &answer.sealed).unwrap();
        QueryAnswer::from_bytes(&opened).unwrap()
    }

    /// The node hands a block back: the one that the executor wants.
    pub fn hand_back(&mut self) -> Option<Answer> {
        let height = self.executor.fetch().expect("a trace waits");
        assert_eq!(self.executor.fetch(), None, "one at a time");
        let kept = self.kept.get(&height).cloned();
        self.executor.hear_past(&Past { height, kept })
    }

    /// A trace, or the code of a no.
    pub fn trace(&mut self, who: u8, item: &Item, height: Height) -> Result<Trace, String> {
        self.trace_id(who, tx_id(item), height)
    }

    pub fn trace_id(&mut self, who: u8, tx_id: Digest, height: Height) -> Result<Trace, String> {
        let at_once = self.ask(who, tx_id, height);
        let answer = at_once.or_else(|| self.hand_back()).expect("one of both");
        let said = self.opened(who, &answer);
        match String::from_utf8_lossy(&said.code).as_ref() {
            "OK" => Ok(Trace::from_bytes(&said.result).unwrap()),
            code => Err(code.to_owned()),
        }
    }
}

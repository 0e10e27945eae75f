//! Queries: signed, sealed, never ordered, answered at a certified height and
//! sealed to the asker (design §9). A caller sees the compartments it holds
//! and nothing else; what it may not see is as if it were not there.

use std::collections::BTreeSet;

use daicho_control::Authority;
use daicho_crypto::{Domain, Secret, open_question, query_payload, seal_answer, verify};
use daicho_execution::{AtHeight, Call, Signer, TxContext, Visibility, run_query};
use daicho_types::codec::{Blob, Encode};
use daicho_types::envelope::{
    AsOf, ContractQuestion, HeldKey, QueryAnswer, Question, RowQuestion, RowsQuestion, SealedQuery,
};
use daicho_types::ipc::Answer;
use daicho_types::ledger::{Compartment, StateView};
use daicho_types::limits::GAS_LIMIT_QUERY;
use daicho_types::{Alias, Code, Height, roles};

use crate::executor::Executor;

/// A result, or the name of the code of a no with its details.
pub(crate) struct Said {
    height: Height,
    code: String,
    gas_used: u64,
    result: Vec<u8>,
}

/// Who asks, and how the answer gets back.
#[derive(Debug)]
pub(crate) struct Asked {
    id: u64,
    pub sender: Alias,
    pub asker: Authority,
    nonce: [u8; 16],
    session: Secret,
}

impl Said {
    /// What costs the asker no gas.
    pub fn free(height: Height, result: Vec<u8>) -> Self {
        Self {
            height,
            code: Code::Ok.name().to_owned(),
            gas_used: 0,
            result,
        }
    }
}

/// A no that cannot be sealed to the asker.
fn unsealed(id: u64, code: Code) -> Answer {
    Answer {
        id,
        code: code as u16,
        sealed: Blob::default(),
    }
}

impl Executor {
    /// Answers a query of number `id`; `None` while it waits for a block of the past,
    /// see [`Executor::fetch`].
    pub fn answer(&mut self, id: u64, query: &SealedQuery) -> Option<Answer> {
        let (asked, question) = match self.open_query(id, query) {
            Ok(opened) => opened,
            Err(code) => return Some(unsealed(id, code)),
        };
        let said = match question {
            Question::Contract(question) => self.run(&asked, &question),
            Question::CompartmentKeys(()) => Ok(self.keys_of(&asked.asker)),
            Question::Rows(question) => self.prove_rows(&asked.asker, &question),
            Question::Row(question) => self.prove_row(&asked.asker, &question),
            Question::Trace(question) => match self.may_wait(&asked, &question) {
                Ok(()) => {
                    self.wait_for_block(asked, question);
                    return None;
                }
                Err(code) => Err(code),
            },
        };
        Some(self.sealed(&asked, said))
    }

    /// An answer as it travels.
    pub(crate) fn sealed(&self, asked: &Asked, said: Result<Said, Code>) -> Answer {
        let said = said.unwrap_or_else(|code| Said {
            height: self.showable(),
            code: code.name().to_owned(),
            gas_used: 0,
            result: Vec::new(),
        });
        let answer = self.document(said).to_bytes();
        match Blob::new(seal_answer(&asked.session, &asked.nonce, &answer)) {
            Ok(sealed) => Answer {
                id: asked.id,
                code: Code::Ok as u16,
                sealed,
            },
            Err(_) => unsealed(asked.id, Code::TooLarge),
        }
    }

    fn open_query(&mut self, id: u64, query: &SealedQuery) -> Result<(Asked, Question), Code> {
        let asker = self.asker(query)?;
        let session = self.opening.session(&query.enc).ok_or(Code::Seal)?;
        let question = open_question(&session, query).map_err(|_| Code::Seal)?;
        let asked = Asked {
            id,
            sender: query.sender,
            asker,
            nonce: query.nonce,
            session,
        };
        Ok((asked, question))
    }

    /// Who asks, if the query is theirs, fresh and new.
    fn asker(&mut self, query: &SealedQuery) -> Result<Authority, Code> {
        let control = self.chain.control();
        if query.chain != self.chain_id || query.epoch != control.epoch().epoch {
            return Err(Code::WrongChain);
        }
        let asker = control.authority(query.sender).ok_or(Code::UnknownSender)?;
        let payload = query_payload(query);
        verify(
            &asker.key,
            Domain::SignQuery,
            &self.chain_id,
            &payload,
            &query.signature,
        )
        .map_err(|_| Code::Signature)?;
        let now = control.time();
        if query.expiry < now {
            return Err(Code::Expired);
        }
        self.nonces.take(query, now)?;
        Ok(asker)
    }

    /// The last height that is both executed here and certified.
    pub(crate) fn showable(&self) -> Height {
        self.certified.min(self.state.height())
    }

    fn height_of(&self, at: &AsOf) -> Result<Height, Code> {
        let last = self.showable();
        let height = match at {
            AsOf::Latest(()) => last,
            AsOf::Height(height) => *height,
            // As in a contract: only once a later block shows that no other
            // block of that time can come.
            AsOf::Time(time) => {
                let (block, _) = self.state.block_at(last).ok_or(Code::NotYet)?;
                if *time >= block.time {
                    return Err(Code::NotYet);
                }
                self.state.height_at(*time).ok_or(Code::Access)?
            }
        };
        if height <= last {
            Ok(height)
        } else {
            Err(Code::NotYet)
        }
    }

    fn run(&self, asked: &Asked, question: &ContractQuestion) -> Result<Said, Code> {
        let asker = &asked.asker;
        let height = self.height_of(&question.at)?;
        let (block, _) = self.state.block_at(height).ok_or(Code::NotYet)?;
        let context = TxContext {
            sender: Signer {
                party: asker.party.0,
                roles: asker.roles,
            },
            alias: asked.sender.0,
            tx_id: [0; 32],
            cosigners: Vec::new(),
            lane: 0,
            sequence: 0,
            height,
            time: block.time,
            seed: [0; 32],
            gas_limit: GAS_LIMIT_QUERY,
        };
        let call = Call {
            contract: question.contract.0,
            entry: question.query,
            arguments: question.arguments.to_vec(),
        };
        let view = AtHeight {
            view: &self.state,
            height,
        };
        let outcome = run_query(
            &self.contracts,
            &view,
            &context,
            &self.visible_to(asker),
            &call,
        );
        Ok(Said {
            height,
            code: outcome.name.into_owned(),
            gas_used: outcome.gas_used,
            result: outcome.result,
        })
    }

    fn prove_rows(&self, asker: &Authority, question: &RowsQuestion) -> Result<Said, Code> {
        let height = self.height_of(&question.at)?;
        let compartment = self.held(asker, &question.compartment)?;
        let proof = self
            .state
            .prove_range(height, compartment, &question.lo, &question.hi);
        Ok(Said::free(height, proof.ok_or(Code::Access)?.to_bytes()))
    }

    fn prove_row(&self, asker: &Authority, question: &RowQuestion) -> Result<Said, Code> {
        let height = self.height_of(&question.at)?;
        let compartment = self.held(asker, &question.compartment)?;
        let proof = self
            .state
            .prove_inclusion(height, compartment, &question.key);
        Ok(Said::free(height, proof.ok_or(Code::Access)?.to_bytes()))
    }

    /// The compartment of that name, if the asker holds it.
    fn held(&self, asker: &Authority, name: &[u8; 17]) -> Result<Compartment, Code> {
        let compartment = Compartment::from_bytes(name).ok_or(Code::Malformed)?;
        if self.visible_to(asker).sees(compartment) {
            Ok(compartment)
        } else {
            Err(Code::Access)
        }
    }

    fn keys_of(&self, asker: &Authority) -> Said {
        let held: Vec<Compartment> = match self.visible_to(asker) {
            Visibility::All => self.state.compartments().collect(),
            Visibility::Only(held) => held.into_iter().chain([Compartment::Public]).collect(),
        };
        let mut result = Vec::new();
        u32::try_from(held.len())
            .expect("compartments fit 32 bits")
            .encode(&mut result);
        for compartment in held {
            let key = self.state.keys().compartment(compartment);
            HeldKey {
                compartment: compartment.to_bytes(),
                key: *key.secret().expose(),
            }
            .encode(&mut result);
        }
        Said {
            height: self.showable(),
            code: Code::Ok.name().to_owned(),
            gas_used: 0,
            result,
        }
    }

    /// The administrator sees everything, a party its own books and, as an
    /// issuer, its own register.
    #[allow(clippy::unused_self)] // the roles of a caller will come to depend on the state
    pub(crate) fn visible_to(&self, asker: &Authority) -> Visibility {
        if asker.roles & roles::ADMINISTRATOR != 0 {
            return Visibility::All;
        }
        let party = asker.party.0;
        Visibility::Only(BTreeSet::from([
            Compartment::Party(party),
            Compartment::Register(party),
        ]))
    }

    fn document(&self, said: Said) -> QueryAnswer {
        let (block, root) = self
            .state
            .block_at(said.height)
            .expect("a height that is shown");
        let (code, result) = match Blob::new(said.result) {
            Ok(result) => (said.code, result),
            Err(_) => (Code::TooLarge.name().to_owned(), Blob::default()),
        };
        QueryAnswer {
            height: said.height,
            time: block.time,
            state_root: root,
            code: Blob::new(code.into_bytes()).expect("names of codes are short"),
            gas_used: said.gas_used,
            result,
        }
    }
}

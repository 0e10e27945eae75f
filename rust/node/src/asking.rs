//! Queries on their way to an executor: this node's own, or through another node
//! to its (design §9). They are sealed to the executors and so are the answers;
//! whoever passes them on reads neither.

use daicho_types::envelope::SealedQuery;
use daicho_types::gateway::{Ask, Refusal, Reply, Request, Say};
use daicho_types::ipc::Answer;
use daicho_types::{Code, Digest, ReplicaId};

use crate::clients::{Route, refusal};
use crate::interface::Output;
use crate::message::PeerMessage;
use crate::node::Node;
use crate::questions::{AWAY_MAX, Asker, Away};

impl Node {
    /// Takes a query to the executor of this node, or else to that of another.
    pub(crate) fn ask_executor(&mut self, asker: Asker, query: SealedQuery, out: &mut Output) {
        if self.feed.answers() {
            if !self.questions.room_here(&asker) {
                return self.tell(asker, Err(Code::Busy), out);
            }
            let (number, message) = self.feed.ask(query);
            self.questions.here.insert(number, asker);
            out.to_executor.push(message);
            return;
        }
        match asker {
            Asker::Client(route, request) => self.pass_on(route, request, query, Vec::new(), out),
            // Passed on once is enough: no query goes round.
            Asker::Peer(..) => self.tell(asker, Err(Code::NoExecutor), out),
        }
    }

    /// The executor of this node answered.
    pub(crate) fn pass_answer(&mut self, answer: Answer, out: &mut Output) {
        let Some(asker) = self.questions.here.remove(&answer.id) else {
            return;
        };
        let say = match Code::from_number(answer.code) {
            Some(Code::Ok) => Ok(Say::Answer(answer.sealed)),
            code => Err(code.unwrap_or(Code::Malformed)),
        };
        self.tell(asker, say, out);
    }

    /// The executor died: its questions will not be answered.
    pub(crate) fn unanswered(&mut self, out: &mut Output) {
        for asker in core::mem::take(&mut self.questions.here).into_values() {
            self.tell(asker, Err(Code::NoExecutor), out);
        }
    }

    /// Another node answered a query that was passed on to it. A no that says
    /// nothing of the query itself leads to the next node.
    pub(crate) fn hear_passed(&mut self, from: ReplicaId, reply: Reply, out: &mut Output) {
        let asked = self.questions.away.get(&reply.id).map(|away| away.asked);
        if asked != Some(from) {
            return;
        }
        let away = self.questions.away.remove(&reply.id).expect("found above");
        let elsewhere = [Code::NoExecutor as u16, Code::Busy as u16];
        match &reply.say {
            Say::Refused(Refusal { code, .. }) if elsewhere.contains(code) => {
                self.ask_next(away, out);
            }
            _ => {
                self.questions.answering = Some(from);
                let id = away.request;
                out.to_clients.push((away.route, Reply { id, ..reply }));
            }
        }
    }

    /// Gives up waiting for nodes that do not answer.
    pub(crate) fn ask_again(&mut self, out: &mut Output) {
        let now = self.ordering.now.monotonic;
        let waiting = self.questions.away.iter();
        let overdue = waiting.filter(|(_, away)| away.due() <= now);
        for number in overdue.map(|(number, _)| *number).collect::<Vec<_>>() {
            let away = self.questions.away.remove(&number).expect("found above");
            if self.questions.answering == Some(away.asked) {
                self.questions.answering = None;
            }
            self.ask_next(away, out);
        }
        let next = self.questions.away.values().map(Away::due).min();
        out.next_timer = out.next_timer.into_iter().chain(next).min();
    }

    fn ask_next(&mut self, away: Away, out: &mut Output) {
        let mut tried = away.tried;
        tried.push(away.asked);
        self.pass_on(away.route, away.request, away.query, tried, out);
    }

    fn pass_on(
        &mut self,
        route: Route,
        request: u64,
        query: SealedQuery,
        tried: Vec<ReplicaId>,
        out: &mut Output,
    ) {
        let room = self.questions.away.len() < AWAY_MAX;
        let Some(asked) = self.next_executor(&tried).filter(|_| room) else {
            let code = if room { Code::NoExecutor } else { Code::Busy };
            return self.tell(Asker::Client(route, request), Err(code), out);
        };
        self.requests += 1;
        let ask = Ask::Query(query.clone());
        let message = PeerMessage::Ask(Request {
            id: self.requests,
            ask,
        });
        self.send_all([asked].into_iter(), &message, out);
        let away = Away {
            route,
            request,
            query,
            tried,
            asked,
            since: self.ordering.now.monotonic,
        };
        self.questions.away.insert(self.requests, away);
    }

    /// Another node that executes: the one that answered last, else the next one
    /// after this node, so that not everybody asks the first.
    fn next_executor(&self, tried: &[ReplicaId]) -> Option<ReplicaId> {
        let me = self.identity.replica;
        let executing: Vec<_> = self.genesis.executors().map(|(id, _)| id).collect();
        let after = executing.iter().filter(|id| **id > me);
        let before = executing.iter().filter(|id| **id < me);
        let known = self.questions.answering.iter();
        let mut order = known.chain(after).chain(before);
        order.find(|id| !tried.contains(id)).copied()
    }

    fn tell(&mut self, asker: Asker, say: Result<Say, Code>, out: &mut Output) {
        let (Asker::Client(_, id) | Asker::Peer(_, id)) = asker;
        let reply = match say {
            Ok(say) => Reply { id, say },
            Err(code) => refusal(id, Digest::ZERO, code),
        };
        match asker {
            Asker::Client(route, _) => out.to_clients.push((route, reply)),
            Asker::Peer(peer, _) => {
                self.send_all([peer].into_iter(), &PeerMessage::Say(reply), out);
            }
        }
    }
}

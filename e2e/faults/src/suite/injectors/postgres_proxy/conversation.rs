//! One connection's conversation, understood far enough to know where a batch begins, takes the record's head and commits.
//!
//! Statements are known by what they say when they are prepared (Parse), and met again when they are bound and executed.
//! Answers come in the order of what was executed; after an error the server skips to the next Sync.

use super::frames::text;
use std::collections::{HashMap, VecDeque};

/// What a statement is to a batch.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Statement {
    Begin,
    TakeHead,
    Commit,
    Other,
}

impl Statement {
    /// A transaction of a reader begins READ ONLY, and never takes the head.
    fn of(sql: &[u8]) -> Self {
        let sql = String::from_utf8_lossy(sql);
        let sql = sql.trim();
        if sql == "COMMIT" {
            Self::Commit
        } else if sql.starts_with("BEGIN") && !sql.contains("READ ONLY") {
            Self::Begin
        } else if sql.contains("record_head") && sql.contains("FOR UPDATE") {
            Self::TakeHead
        } else {
            Self::Other
        }
    }
}

/// What a message of the client means for a batch.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Sent {
    /// The statement is about to be executed: this is the first message of it.
    Bound(Statement),
    /// This message has the server execute the statement.
    Executed(Statement),
    /// Behind it the server answers whatever it has.
    Sync,
    Other,
}

/// What a message of the server means for a batch.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Answered {
    /// The statement is done.
    Done(Statement),
    /// The server waits for more.
    Ready,
    Other,
}

enum Awaited {
    Statement(Statement),
    /// One message with one statement or several.
    Simple(Statement),
    Sync,
}

#[derive(Default)]
pub(super) struct Conversation {
    prepared: HashMap<Vec<u8>, Statement>,
    bound: HashMap<Vec<u8>, Statement>,
    awaited: VecDeque<Awaited>,
    /// The transaction under way takes the head: it is a batch.
    is_batch: bool,
}

impl Conversation {
    pub(super) fn sent(&mut self, message: &[u8]) -> Sent {
        let Some((kind, rest)) = message.split_first() else { return Sent::Other };
        let content = rest.get(4..).unwrap_or_default();
        self.read(*kind, content).unwrap_or(Sent::Other)
    }

    fn read(&mut self, kind: u8, content: &[u8]) -> Option<Sent> {
        match kind {
            b'P' => {
                let (name, rest) = text(content)?;
                self.prepared.insert(name.to_vec(), Statement::of(text(rest)?.0));
            }
            b'B' => {
                let (portal, rest) = text(content)?;
                let prepared = self.prepared.get(text(rest)?.0).copied().unwrap_or(Statement::Other);
                let statement = self.of_batch(prepared);
                self.bound.insert(portal.to_vec(), statement);
                return Some(Sent::Bound(statement));
            }
            b'E' => {
                let statement = self.bound.get(text(content)?.0).copied().unwrap_or(Statement::Other);
                self.awaited.push_back(Awaited::Statement(statement));
                return Some(Sent::Executed(statement));
            }
            b'Q' => {
                let statement = self.of_batch(Statement::of(text(content)?.0));
                self.awaited.push_back(Awaited::Simple(statement));
                return Some(Sent::Executed(statement));
            }
            b'S' => {
                self.awaited.push_back(Awaited::Sync);
                return Some(Sent::Sync);
            }
            _ => {}
        }
        None
    }

    /// A commit counts when the transaction had taken the head.
    fn of_batch(&mut self, statement: Statement) -> Statement {
        match statement {
            Statement::Begin => self.is_batch = false,
            Statement::TakeHead => self.is_batch = true,
            Statement::Commit if !self.is_batch => return Statement::Other,
            Statement::Commit => self.is_batch = false,
            Statement::Other => {}
        }
        statement
    }

    pub(super) fn answered(&mut self, message: &[u8]) -> Answered {
        match message.first() {
            // Done, of nothing at all, or in part.
            Some(b'C' | b'I' | b's') => match self.awaited.front() {
                Some(Awaited::Simple(statement)) => Answered::Done(*statement),
                Some(Awaited::Statement(statement)) => {
                    let statement = *statement;
                    self.awaited.pop_front();
                    Answered::Done(statement)
                }
                Some(Awaited::Sync) | None => Answered::Other,
            },
            Some(b'E') => {
                while matches!(self.awaited.front(), Some(Awaited::Statement(_))) {
                    self.awaited.pop_front();
                }
                Answered::Other
            }
            Some(b'Z') => {
                // The first one ends the greeting, which nothing was sent for.
                self.awaited.pop_front();
                Answered::Ready
            }
            _ => Answered::Other,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn message(kind: u8, content: &[u8]) -> Vec<u8> {
        let length = u32::try_from(content.len() + 4).unwrap();
        [&[kind][..], &length.to_be_bytes(), content].concat()
    }

    fn prepare(conversation: &mut Conversation, name: &str, sql: &str) {
        let content = format!("{name}\0{sql}\0\0\0");
        assert_eq!(conversation.sent(&message(b'P', content.as_bytes())), Sent::Other);
        assert_eq!(conversation.sent(&message(b'S', b"")), Sent::Sync);
        assert_eq!(conversation.answered(&message(b'1', b"")), Answered::Other);
        assert_eq!(conversation.answered(&message(b'Z', b"I")), Answered::Ready);
    }

    fn send(conversation: &mut Conversation, name: &str) -> Sent {
        let bound = conversation.sent(&message(b'B', format!("\0{name}\0\0\0").as_bytes()));
        conversation.sent(&message(b'E', b"\0\0\0\0\0"));
        conversation.sent(&message(b'S', b""));
        bound
    }

    fn prepared() -> Conversation {
        let mut conversation = Conversation::default();
        prepare(&mut conversation, "b", "BEGIN ISOLATION LEVEL READ COMMITTED");
        prepare(&mut conversation, "h", "SELECT position FROM record_head WHERE the_one = 1 FOR UPDATE");
        prepare(&mut conversation, "r", "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY");
        prepare(&mut conversation, "c", "COMMIT");
        conversation
    }

    #[test]
    fn a_batch_is_followed_from_its_beginning_to_its_commit() {
        let mut conversation = prepared();
        assert_eq!(send(&mut conversation, "b"), Sent::Bound(Statement::Begin));
        assert_eq!(send(&mut conversation, "h"), Sent::Bound(Statement::TakeHead));
        assert_eq!(send(&mut conversation, "c"), Sent::Bound(Statement::Commit));
        let done = message(b'C', b"BEGIN\0");
        for statement in [Statement::Begin, Statement::TakeHead, Statement::Commit] {
            assert_eq!(conversation.answered(&done), Answered::Done(statement));
            assert_eq!(conversation.answered(&message(b'Z', b"T")), Answered::Ready);
        }
    }

    #[test]
    fn a_readers_commit_is_none() {
        let mut conversation = prepared();
        send(&mut conversation, "r");
        assert_eq!(send(&mut conversation, "c"), Sent::Bound(Statement::Other));
    }

    #[test]
    fn behind_an_error_the_answers_are_those_behind_the_sync() {
        let mut conversation = prepared();
        send(&mut conversation, "b");
        send(&mut conversation, "h");
        assert_eq!(conversation.answered(&message(b'E', b"")), Answered::Other);
        conversation.answered(&message(b'Z', b"E"));
        let answered = conversation.answered(&message(b'C', b"SELECT 1\0"));
        assert_eq!(answered, Answered::Done(Statement::TakeHead));
    }
}

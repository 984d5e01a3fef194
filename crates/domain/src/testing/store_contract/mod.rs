//! What every store promises, as tests. Each store's own tests run all of it:
//!
//! ```text
//! // crates/store-…/tests/it/main.rs
//! struct Harness { … }
//! #[async_trait] impl actas_domain::testing::store_contract::Harness for Harness { … }
//! actas_domain::store_contract!(Harness::new());
//! ```
//!
//! The macro makes one `#[tokio::test]` of each promise, named after it, and evaluates its argument once for each,
//! so that no test sees another's store. The crate that uses it needs `tokio` (`macros`, `rt-multi-thread`) and
//! this crate's feature `testing` among its dev-dependencies.
//!
//! A new promise is a `pub async fn name(harness: &dyn Harness)` in the file of its topic, and its name in
//! `store_contract!` below; a test here fails when the name is missing.

pub mod activity;
pub mod atomicity;
pub mod guards;
pub mod kept_answers;
pub mod kept_returns;
pub mod leases;
pub mod ordering_users;
pub mod purge_races;
pub mod races;
pub mod reading_clients_and_keys;
pub mod reading_sessions;
pub mod reading_tokens;
pub mod reading_users;
pub mod record;
pub mod reopening;
pub mod retention;
pub mod sign_ins;
pub mod standing;
mod trial;
pub mod write_conditions;

use super::FixedClock;
use crate::ports::Store;
use async_trait::async_trait;
use std::{pin::Pin, sync::Arc};

/// A piece of work for [`Harness::at_once`].
pub type Task = Pin<Box<dyn Future<Output = ()> + Send>>;

/// One kind of store, and the runtime that it needs.
#[async_trait]
pub trait Harness: Send + Sync {
    /// The clock of every store that this harness opens. A new harness shows [`super::rows::START`].
    fn clock(&self) -> FixedClock;

    /// A store with nothing in it, apart from all others.
    async fn open(&self) -> Arc<dyn Store>;

    /// Leaves the store that was opened last, without an orderly end as far as that goes within one process, and
    /// opens it again from what it kept. `None` from a store that keeps nothing.
    async fn reopen(&self, store: Arc<dyn Store>) -> Option<Arc<dyn Store>>;

    /// Runs all tasks at the same time, on several threads, and returns when all have ended. Panics if one did.
    async fn at_once(&self, tasks: Vec<Task>);
}

/// Makes a test of each promise; see [`crate::testing::store_contract`].
#[macro_export]
macro_rules! store_contract {
    ($harness:expr) => {
        fn contract_harness() -> impl $crate::testing::store_contract::Harness {
            $harness
        }

        $crate::store_contract_tests! {
            atomicity {
                a_change_lands_whole
                a_new_store_is_empty
                a_failed_guard_leaves_nothing
                a_failed_write_leaves_nothing
                a_refusal_is_only_an_entry
                a_failed_change_fails_alone
                a_reader_sees_whole_changes
            }
            guards {
                secret_key_valid
                another_secret_key_valid
                in_good_standing_of_a_stored_user
                in_good_standing_of_an_outsider
                standing_unchanged
                quota_left
                before
                cookie_unchanged
                no_impersonation
                no_impersonation_as_time_passes
                activity_unchanged
                no_instance
                no_next_key
                guards_look_before_the_writes
            }
            write_conditions {
                an_id_is_added_once
                nothing_moves_that_is_not_there
                an_actor_token_moves_from_its_status
                a_sign_in_token_moves_from_its_status
                a_session_moves_from_its_status
                a_signing_key_moves_from_its_status
                a_signing_key_is_removed_once
                a_secret_key_is_revoked_once
                an_identifier_belongs_to_one_user
                a_username_is_taken_in_any_case
                a_user_is_replaced_from_its_revision
                a_user_is_removed_from_its_revision
            }
            races {
                a_ticket_makes_one_session
                a_ticket_is_accepted_or_revoked
                a_quota_is_never_passed
                an_identifier_has_one_winner
                a_revision_has_one_successor
                a_client_begins_one_impersonation
                a_first_start_happens_once
                a_downfall_leaves_nobody_behind
                an_expiry_and_an_activity_exclude_each_other
                an_answered_commit_is_seen
            }
            record {
                positions_are_dense
                positions_are_dense_under_load
                a_follower_misses_nothing
                an_entry_is_kept_to_the_letter
                filters_keep_what_matches
                ranges_begin_where_they_say
            }
            activity {
                activity_moves_one_thing
                an_impersonation_moves_no_user
                activity_never_moves_backward
                an_end_keeps_the_activity
                a_users_activity_is_the_latest
                activity_revives_nothing
                an_ended_session_is_never_active
                activity_of_nobody_is_nothing
                a_change_of_the_user_keeps_the_activity
                a_sign_in_is_recorded
            }
            standing {
                a_standing_joins_both_sources
                a_kept_standing_is_replaced
                a_downfall_ends_all_of_a_party
                a_downfall_finds_what_is_over
                a_selection_ends_no_others
                writes_are_carried_out_in_order
            }
            reading_tokens {
                filters_keep_what_matches
                the_newest_come_first
                a_cursor_goes_on_where_it_stands
                a_token_is_kept_to_the_letter
                a_sign_in_token_is_kept_to_the_letter
                created_tokens_are_counted
            }
            reading_sessions {
                filters_keep_what_matches
                pages_follow_each_other
                what_is_overdue_is_found
                live_sessions_are_counted
                a_session_is_kept_to_the_letter
            }
            reading_clients_and_keys {
                the_newest_clients_come_first
                a_client_is_kept_to_the_letter
                a_clients_time_follows_its_sessions
                secret_keys_are_kept_to_the_letter
                signing_keys_are_kept_to_the_letter
                the_instance_is_kept_to_the_letter
            }
            reading_users {
                a_user_is_kept_to_the_letter
                identifiers_are_matched_whole
                choices_include_and_exclude
                texts_are_matched_in_part
                case_is_ignored_beyond_english
                periods_have_their_bounds
                the_other_filters
                a_changed_user_is_found_as_it_is
            }
            sign_ins {
                a_client_has_one_attempt
                what_is_over_is_forgotten
                what_is_over_is_forgotten_in_steps
                failures_belong_to_a_user
                password_failures_unchanged
                revision_unchanged
                every_wrong_password_is_counted
                guesses_at_nobody_are_counted
            }
            kept_answers {
                the_first_answer_stays
                a_second_answer_undoes_its_change
                an_answer_whose_time_is_over_gives_way
                an_answer_without_a_change_is_kept_likewise
                of_several_at_once_one_is_kept
                what_is_over_is_forgotten_step_by_step
            }
            kept_returns {
                a_client_keeps_one_return
                a_return_is_taken_once
                all_returns_of_a_user_go_together
                session_live
            }
            ordering_users {
                every_field_orders
                pages_follow_each_other
                a_cursor_goes_on_where_it_stands
                a_count_ignores_order_and_page
            }
            retention {
                an_actor_token_goes_with_its_session
                a_sign_in_token_goes_by_its_lifetime
                an_ordinary_session_goes_by_its_end
                a_client_goes_when_nothing_is_left_on_it
                what_stays_is_looked_at_once
                the_record_is_cut_from_the_oldest_on
                a_cut_record_is_read_as_before
                the_stores_own_clock_counts
                what_is_counted_stays
            }
            purge_races {
                a_sign_in_and_a_purge_exclude_each_other
                a_revocation_and_a_purge_exclude_each_other
            }
            leases {
                a_lease_is_its_holders
            }
            reopening {
                everything_is_there_again
                work_goes_on_where_it_stood
                what_was_answered_is_there_again
            }
        }
    };
}

#[doc(hidden)]
#[macro_export]
macro_rules! store_contract_tests {
    ($($topic:ident { $($promise:ident)+ })+) => {
        $(mod $topic {
            $(#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
            async fn $promise() {
                let harness = super::contract_harness();
                $crate::testing::store_contract::$topic::$promise(&harness).await;
            })+
        })+
    };
}

#[cfg(test)]
mod tests {
    /// A promise that no test runs is none.
    #[test]
    fn every_promise_is_in_the_macro() {
        let this_file = include_str!("mod.rs");
        let listed = this_file.split_once("store_contract_tests! {").unwrap().1.split_once("};").unwrap().0;
        let words: Vec<_> = listed.split_whitespace().collect();
        let topics = [
            ("activity", include_str!("activity.rs")),
            ("atomicity", include_str!("atomicity.rs")),
            ("guards", include_str!("guards.rs")),
            ("kept_answers", include_str!("kept_answers.rs")),
            ("kept_returns", include_str!("kept_returns.rs")),
            ("leases", include_str!("leases.rs")),
            ("ordering_users", include_str!("ordering_users.rs")),
            ("races", include_str!("races.rs")),
            ("reading_clients_and_keys", include_str!("reading_clients_and_keys.rs")),
            ("reading_sessions", include_str!("reading_sessions.rs")),
            ("reading_tokens", include_str!("reading_tokens.rs")),
            ("reading_users", include_str!("reading_users.rs")),
            ("record", include_str!("record.rs")),
            ("reopening", include_str!("reopening.rs")),
            ("purge_races", include_str!("purge_races.rs")),
            ("retention", include_str!("retention.rs")),
            ("sign_ins", include_str!("sign_ins.rs")),
            ("standing", include_str!("standing.rs")),
            ("write_conditions", include_str!("write_conditions.rs")),
        ];
        for (topic, source) in topics {
            let mut of_topic =
                words.iter().skip_while(|word| **word != topic).skip(1).take_while(|word| **word != "}");
            assert_eq!(of_topic.next(), Some(&"{"), "{topic}");
            let listed: Vec<_> = of_topic.copied().collect();
            let promises = source.split("\npub async fn ").skip(1).filter_map(|rest| rest.split_once('('));
            let promises: Vec<_> = promises.map(|(name, _)| name).collect();
            assert_eq!(listed, promises, "{topic}");
        }
        let modules = this_file.lines().filter(|line| line.starts_with("pub mod ")).count();
        assert_eq!(modules, topics.len());
    }
}

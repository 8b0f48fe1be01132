//! The contract of the ledger, clause by clause: each test is a sentence that every store must keep.
//!
//! To put a store under contract, write a [`world::Fixture`] for it and add a line `contract!(…)`; what only
//! that store has goes into a file of its own, as `sqlite.rs`. No test waits, and none asks a clock.

#![allow(unreachable_pub, clippy::unwrap_used, reason = "it is a test, all of it")]

mod asking;
mod claiming;
mod cut;
mod doubting;
mod drawing;
mod ending;
mod noting;
mod planning;
mod postgres;
mod rejoining;
mod relaying;
#[path = "../support/postgres.rs"]
mod server;
mod sqlite;
mod telling;
mod turning;
mod world;

macro_rules! contract {
    ($name:ident: $fixture:ty) => {
        clauses! { $name: $fixture;
            planning {
                planning_twice_is_planning_once
                what_is_planned_is_remembered_whole
                what_is_past_when_first_seen_is_skipped
                a_planned_row_follows_its_date_and_its_address
                a_skipped_row_follows_its_date_and_stays_skipped
                a_planned_row_keeps_its_message_id_when_its_address_changes
                what_the_calendar_withdraws_returns_with_it_as_new
                what_a_hand_withdrew_meanwhile_does_not_return_with_the_calendar
                what_returns_after_a_doubt_keeps_its_doubts_and_its_message_id
                what_returns_is_wanted_from_the_state_in_which_it_was_seen
                rows_under_way_are_only_marked
                the_ended_row_of_a_slip_is_marked_too
                changes_to_rows_that_moved_meanwhile_are_counted_as_missed
                changes_are_applied_all_or_none
                an_heir_is_planned_or_skipped
                an_heir_goes_on_as_the_row_before_it_did
                nothing_is_inherited_of_a_row_that_moved_meanwhile
                what_was_skipped_for_a_rename_returns_by_no_hand
            }
            claiming {
                a_mail_gathers_what_is_due_to_one_reader
                the_message_id_is_the_hash_of_the_keys
                rows_of_a_mail_stand_by_due_instant_then_by_key
                each_reader_has_a_mail_of_their_own
                each_address_has_a_mail_of_its_own
                the_mail_that_is_soonest_useless_leaves_first
                a_mail_is_as_urgent_as_the_first_of_its_rows_to_end
                nothing_is_claimed_before_it_is_due
                nothing_is_claimed_before_it_may_be_tried_again
                nothing_is_claimed_that_is_of_no_use_any_more
                what_is_claimed_is_not_claimed_again
                two_workers_at_once_claim_all_and_each_once
                no_two_claims_have_the_same_term
                the_next_instant_is_the_earliest_at_which_a_row_is_ready_or_ends
                nothing_planned_has_no_next_instant
                a_mail_holds_a_hundred_at_most_and_the_rest_leave_in_the_next
                rows_of_every_sort_that_one_person_reads_are_one_mail
                what_is_for_the_operator_is_a_mail_apart
                what_somebody_reads_for_another_joins_their_own_mail
            }
            rejoining {
                a_mail_given_back_before_it_was_handed_lets_others_join
                a_mail_tried_again_before_it_was_handed_lets_others_join
                a_mail_handed_once_keeps_its_id_and_nothing_joins_it
                a_mail_in_doubt_keeps_its_id_and_nothing_joins_it
                a_mail_handed_once_keeps_its_id_when_it_is_given_back
                rows_of_one_mail_that_part_by_address_are_two_mails
                a_row_whose_mail_was_sent_without_it_takes_a_new_id
                a_row_in_doubt_keeps_its_id_though_its_mail_was_sent_without_it
            }
            turning {
                a_handed_mail_is_marked_and_its_keys_come_back_in_order
                a_row_no_longer_wanted_drops_out_at_the_hand
                a_mail_of_which_nothing_is_wanted_is_not_handed
                a_row_wanted_again_in_time_leaves
                nothing_is_handed_after_its_lease
                the_hand_renews_the_lease_of_that_mail_only
                nothing_is_handed_twice
                nothing_is_handed_in_another_term
                what_is_sent_says_when_and_what_the_relay_said
                what_is_refused_for_good_says_why
                a_refusal_for_now_counts_and_waits
                a_failure_of_the_relay_counts_nothing
                what_may_be_tried_at_once_does_not_wait
                what_is_no_longer_wanted_is_not_tried_again
                a_settlement_outlives_the_lease
                a_settlement_in_a_passed_term_is_refused
                a_mail_is_settled_once
                one_turn_settles_one_mail_and_hands_the_next
                a_refused_settlement_does_not_stop_the_next_hand
                one_turn_settles_many_and_hands_many_each_as_if_alone
                an_empty_turn_does_nothing
                nothing_is_handed_that_became_of_no_use_meanwhile
                what_is_set_aside_waits_alone
                what_has_nothing_to_tell_is_skipped_alone
            }
            doubting {
                a_doubt_is_counted_and_planned_again
                a_doubt_that_is_held_waits_for_a_person
                a_doubt_of_what_is_no_longer_wanted_is_withdrawn_and_counted
                a_late_answer_is_taken_from_a_row_in_doubt
                a_late_answer_is_taken_from_a_row_in_doubt_that_ended
                a_late_answer_is_refused_once_the_row_is_claimed_again
                a_late_answer_is_refused_after_the_row_was_claimed_and_given_back
                only_sent_is_taken_late
                at_start_every_claim_is_an_orphan
                at_start_what_was_handed_is_held_if_the_settings_say_so
                the_sixth_doubt_holds
                the_doubts_of_a_row_are_its_own
                while_running_only_leases_that_ended_make_orphans
                orphans_no_longer_wanted_are_withdrawn
            }
            ending {
                what_is_of_no_use_any_more_lapses
                an_earlier_reminder_gives_way_to_a_later_one_that_is_due
                a_chain_of_reminders_leaves_the_last
                an_earlier_reminder_gives_way_to_a_later_one_that_left_or_may_have
                nothing_gives_way_to_a_reminder_that_ended_unsent
                nothing_gives_way_to_a_reminder_that_is_not_due
                nothing_gives_way_across_events_recipients_or_postings
                lapsing_comes_before_giving_way
                a_notice_of_what_its_reader_knows_gives_way
                of_what_lapses_together_the_latest_speaks_for_its_event
                rows_under_way_neither_lapse_nor_give_way
                a_retried_row_is_as_new_and_due_at_once
                a_retry_is_refused_when_it_is_too_late
                a_retry_with_facts_takes_them_at_once
                a_held_row_that_arrived_is_sent
                a_row_withdrawn_by_hand_returns_by_hand_only
                a_hand_on_an_unknown_row_does_nothing
                only_final_rows_are_purged
                nothing_gives_way_to_a_reminder_that_is_sooner_of_no_use
                what_readers_of_a_remembered_posting_were_told_is_kept_while_it_goes_on
                no_notice_gives_way_and_nothing_gives_way_to_one
                notices_of_no_posting_are_forgotten_with_time
                what_was_sent_and_forgotten_is_still_counted
            }
            telling {
                nothing_is_told_before_it_is_sent
                a_late_answer_tells_and_so_does_a_persons_word
                who_reads_it_is_told_not_whom_it_was_for
                what_left_last_counts
                what_is_handed_again_says_anew
                only_what_is_handed_says_anything
                what_is_handed_under_a_new_id_says_anew
                what_was_never_revised_is_not_asked_after
                of_some_events_it_is_asked_all_the_same
                revisions_are_kept_in_order_and_may_be_put_into_new_words
                a_renaming_moves_revisions_and_what_was_said
                a_renaming_onto_an_event_that_has_revisions_drops_its_own
                events_may_change_places
                what_lapsed_is_untold_until_a_mail_that_tells_of_it_is_sent
                only_reminders_and_changes_that_lapsed_since_are_untold
                what_a_forgotten_row_said_is_forgotten
                revisions_are_forgotten_with_the_last_row_of_a_forgotten_posting
            }
            drawing {
                every_verb_moves_every_state_as_drawn
                only_final_states_are_forgotten
            }
            noting {
                postings_are_remembered_whole
                postings_are_replaced_and_forgotten
                what_is_forgotten_and_remembered_at_once_is_remembered
                a_ledger_is_filled_once_a_plan_was_written
                an_acceptance_is_kept_until_the_file_returns
                what_no_daemon_has_missed_yet_may_be_accepted
                people_are_remembered_and_forgotten
                the_clock_that_a_ledger_lives_on_is_known
                the_last_round_never_goes_back_unless_accepted
                a_crash_keeps_all_that_was_answered
            }
            asking {
                rows_and_what_they_stand_for_are_brought_together
                rows_that_stood_elsewhere_stand_for_nothing
                a_batch_is_brought_all_or_none
                a_text_that_is_remembered_by_itself_stands_for_nothing
                a_hand_stirs_the_posting_of_its_row
                what_is_asked_for_by_name_is_all_that_comes
                notices_that_may_count_are_asked_for_apart
                what_ended_is_asked_for_by_when
                revisions_are_asked_for_by_posting
                it_is_known_of_which_postings_mails_are_on_their_way
                all_rows_are_counted_as_they_stand
                another_version_says_that_something_was_written
            }
            relaying {
                a_relay_is_remembered_whole_and_replaced
                what_a_relay_was_given_is_counted_by_relay_and_in_order
                a_crash_keeps_how_relays_do
            }
        }
    };
}

macro_rules! clauses {
    ($name:ident: $fixture:ty; $($room:ident { $($clause:ident)+ })+) => {
        mod $name {$(
            mod $room {$(
                #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
                async fn $clause() {
                    if crate::world::is_here::<$fixture>() {
                        crate::$room::$clause(crate::world::World::<$fixture>::new()).await;
                    }
                }
            )+}
        )+}
    };
}

contract!(on_sqlite: crate::sqlite::InFile);
contract!(on_postgres: crate::postgres::InDatabase);

"""The words by which Slack says why it took no message.

Sources: api.slack.com/changelog/2016-05-17-changes-to-errors-for-incoming-webhooks, and the lists
of errors of chat.postMessage and chat.update (https://docs.slack.dev/reference/methods/).
"""

from __future__ import annotations

from collections.abc import Mapping

from monitor.notify.http import About

_ABOUT: Mapping[About, str] = {
    About.MOMENT: """
        accesslimited fatal_error internal_error ratelimited rate_limited request_timeout
        rollup_error service_unavailable team_added_to_org
    """,
    About.DESTINATION: """
        access_denied account_inactive action_prohibited as_user_not_supported cant_post_message
        channel_is_archived channel_not_found ekm_access_denied enterprise_is_restricted
        invalid_auth invalid_token is_archived method_deprecated missing_scope no_active_hooks
        no_permission no_service no_service_id no_team not_allowed_token_type not_authed
        not_in_channel org_login_required posting_to_general_channel_denied restricted_action
        restricted_action_non_threadable_channel restricted_action_read_only_channel
        restricted_action_thread_only_channel slack_connect_file_link_sharing_blocked
        team_access_not_granted team_disabled team_not_found token_expired token_revoked
        two_factor_setup_required user_not_found
    """,
}
_BY_WORD = {word: is_about for is_about, words in _ABOUT.items() for word in words.split()}
# What a thread hangs on is gone or closed: the message is posted by itself.
NO_THREAD = frozenset(
    {
        "cannot_reply_to_message",
        "message_not_found",
        "restricted_action_thread_locked",
        "thread_not_found",
    }
)


def about_word(word: str) -> About | None:
    """Say what an error of Slack is about; None if the word is not known.

    >>> about_word("ratelimited"), about_word("is_archived"), about_word("invalid_blocks")
    (<About.MOMENT: 'moment'>, <About.DESTINATION: 'destination'>, None)
    """
    return _BY_WORD.get(word)

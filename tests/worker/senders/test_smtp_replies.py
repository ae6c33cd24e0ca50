"""Whether a refusal says that there is no mailbox, in the words of real mail servers."""

import pytest

from worker.senders.smtp_replies import says_no_mailbox

NO_MAILBOX = [
    # Postfix
    "5.1.1 <a@example.com>: Recipient address rejected: User unknown in local recipient table",
    "<a@example.com>: Recipient address rejected: User unknown in virtual mailbox table",
    "5.1.1 <a@example.com>: Recipient address rejected: undeliverable address: host mx said: 550",
    "5.1.2 <a@nowhere.example>: Recipient address rejected: Domain not found",
    "5.1.3 <a..b@example.com>: Recipient address rejected: Bad address syntax",
    "5.1.10 <a@example.com>: Recipient address rejected: Domain example.com does not accept mail",
    # Addresses and links with the words of a policy in them
    "5.1.1 <spam-policy@relay.example>: Recipient address rejected: User unknown",
    "No such user: auth+spf@blocked.example, see https://example.com/relay-policy",
    # sendmail
    "5.1.1 <a@example.com>... User unknown",
    "5.1.2 <a@nowhere.example>... Host unknown (Name server: nowhere.example: host not found)",
    "5.1.6 <a@example.com>... User has moved; please try b@example.com",
    "<a@example.com>... User unknown",
    # Exim
    "Unknown user",
    "Unrouteable address",
    "No Such User Here",
    'No such person at this address."',
    "Unknown local part a in <a@example.com>",
    "Verification failed for <a@example.com>\nNo such user\nUnrouteable address",
    # qmail and its relatives
    "sorry, no mailbox here by that name. (#5.1.1)",
    "sorry, no mailbox here by that name",
    "Sorry, I couldn't find a mailbox by that name (#5.1.1 - chkuser)",
    # Exchange and Microsoft 365
    "5.1.1 User unknown",
    "5.1.10 RESOLVER.ADR.RecipientNotFound; Recipient not found by SMTP address lookup",
    "5.1.1 RESOLVER.ADR.ExRecipNotFound; not found",
    # Outlook.com
    "5.5.0 Requested action not taken: mailbox unavailable.",
    # Gmail
    (
        "5.1.1 The email account that you tried to reach does not exist. Please try\n"
        "5.1.1 double-checking the recipient's email address for typos or\n"
        "5.1.1 unnecessary spaces. For more information, go to\n"
        "5.1.1  https://support.google.com/mail/?p=NoSuchUser d2e1a72fcca58-7 - gsmtp"
    ),
    (
        "5.2.1 The email account that you tried to reach is disabled. Learn more at\n"
        "5.2.1  https://support.google.com/mail/?p=DisabledUser - gsmtp"
    ),
    "The email account that you tried to reach does not exist",
    # Yahoo
    "delivery error: dd This user doesn\u2019t have a yahoo.com account (a@yahoo.com) [0]",
    "delivery error: dd This user doesn't have a yahoo.com account (a@yahoo.com) [-5]",
    "30 Sorry, your message to a@yahoo.com cannot be delivered. This mailbox is disabled (554.30).",
    # iCloud
    "5.1.1 <a@icloud.com>: user does not exist",
    "5.1.1 unknown or illegal alias: a@icloud.com",
    # GMX, Cisco, Barracuda, Zoho, Proofpoint, RFC 5321
    "Requested action not taken: mailbox unavailable\nmailbox unavailable",
    "#5.1.0 Address rejected.",
    "Invalid recipient <a@example.com> (Mode: normal)",
    "Mailbox not found",
    "mailbox does not exist",
    "user not found",
    "Recipient not found",
    "recipient rejected: unknown address",
    "User not local; please try <b@example.org>",
    "Requested action not taken: mailbox name not allowed",
    "Bad destination mailbox address",
    "Account a@example.com does not exist",
    "Address unknown",
    "not our customer",
    "Invalid mailbox",
    # The code in a later line, in brackets, before a colon
    "Delivery failed\nSee (5.1.1)",
    "[5.1.1] rejected",
    "rejected, 5.1.1",
    "5.1.1:<a@example.com> rejected",
]

NOT_ABOUT_THE_MAILBOX = [
    # Relaying and authentication
    "relay not permitted",
    "Relaying denied",
    "5.7.1 <a@example.com>: Relay access denied",
    "5.7.1 Unable to relay",
    "5.7.54 SMTP; Unable to relay recipient in non-accepted domain",
    "5.7.64 TenantAttribution; Relay Access Denied",
    "sorry, that domain isn't in my list of allowed rcpthosts (#5.7.1)",
    "sorry, that domain isn't in my list of allowed rcpthosts",
    "Relaying disallowed as otp@example.com",
    "a@example.com is not permitted to relay through this server without authentication.",
    (
        "Please turn on SMTP Authentication in your mail client.\n"
        "(mail.example.com) [192.0.2.1]:4711 is not permitted to relay"
    ),
    "5.7.0 Authentication required",
    "authentication required",
    "Must be authenticated; account unknown",
    "User not local; relay denied",
    # Block lists and reputation
    (
        "5.7.1 Service unavailable; Client host [192.0.2.1] blocked using zen.spamhaus.org; "
        "https://www.spamhaus.org/query/ip/192.0.2.1"
    ),
    "Rejected because 192.0.2.1 is in a black list at zen.spamhaus.org",
    "JunkMail rejected - (mail) [192.0.2.1]:25 is in an RBL: Client host blocked using Spamhaus",
    (
        "5.7.1 Unfortunately, messages from [192.0.2.1] weren't sent. Please contact your Internet "
        "service provider since part of their network is on our block list (S3140)."
    ),
    "5.7.1 [BL21] Connections will not be accepted from 192.0.2.1",
    "5.3.0 <a@example.com>... Spam blocked see http://spamcop.net/bl.shtml?192.0.2.1",
    "5.1.0 <a@example.com> rejected: listed at spamhaus",
    "Mailbox unavailable because the IP 192.0.2.1 has a poor reputation",
    # SPF, DKIM, DMARC, policy
    "5.7.23 Message rejected due to SPF policy",
    "5.7.26 This mail has been blocked because the sender is unauthenticated. - gsmtp",
    "5.7.509 Access denied, sending domain example.com does not pass DMARC verification",
    "5.7.1 [HM08] Message rejected due to local policy",
    "Requested action not taken: mailbox unavailable\nReject due to policy restrictions",
    "5.7.1 <a@example.com>: Recipient address rejected: user unknown",
    "Administrative prohibition",
    "5.4.1 <a@example.com>: Recipient address rejected: Access denied",
    "Rejected for policy reasons",
    "Message contains a virus",
    # The sender
    "5.1.7 <otp@example.com>: Sender address rejected: Bad address syntax",
    "5.1.8 <otp@example.com>: Sender address rejected: Domain not found",
    "5.1.8 Access denied, bad outbound sender",
    "5.1.0 <otp@example.com>: Sender address rejected: User unknown in local recipient table",
    "5.7.1 <otp@example.com>: Sender address rejected: not owned by user otp",
    "Verification failed for <otp@example.com>\nUnrouteable address\nSender verify failed",
    "Domain of sender address otp@example.com does not exist",
    "The domain of the return path does not exist",
    # The machine
    "HELO name does not exist",
    "PTR record of client address not found",
    "Invalid HELO address",
    # Limits and space
    (
        "5.2.1 The user you are trying to contact is receiving mail at a rate that\n"
        "5.2.1 prevents additional messages from being delivered."
    ),
    "5.2.2 The email account that you tried to reach is over quota.",
    "5.2.2 Mailbox full",
    "5.1.90 Your message can't be sent because you've reached your daily limit for recipients",
    "Your account has been suspended",
    "Mailbox unavailable: too many connections",
    # No reason at all, and digits that are no enhanced code
    "",
    "go away",
    "rejected",
    "5.0.0",
    "5.5.1 no valid recipients",
    "connections from 5.1.1.7 are not wanted",
    "connections from 85.1.1.7 are not wanted",
    "gateway 2.5.1.1 says no",
    "try 5.1.1@example.com instead",
]


@pytest.mark.parametrize("spelled", [str, str.upper])
def test_knows_a_mailbox_that_does_not_exist(spelled):
    assert [reply for reply in NO_MAILBOX if not says_no_mailbox(spelled(reply))] == []


@pytest.mark.parametrize("spelled", [str, str.upper])
def test_blames_no_recipient_for_what_is_not_about_the_mailbox(spelled):
    assert [reply for reply in NOT_ABOUT_THE_MAILBOX if says_no_mailbox(spelled(reply))] == []

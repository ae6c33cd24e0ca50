"""What the refusal of a mail server says about the recipient.

RFC 5321 has 550, 551 and 553 for mailboxes that do not exist, and for policy. Servers use them for
relaying, authentication and block lists as well, so only the text tells.
"""

import re

# Addresses and links hold words and digits that the server did not mean.
_QUOTED = re.compile(r"<[^<>\s]*>|[^\s<>()\[\]:;,]*@[^\s<>()\[\]:;,]*|https?://\S+")
# An enhanced code (RFC 3463) may stand anywhere, as in "(#5.1.1)". An IP address is none.
_ENHANCED = re.compile(r"(?<![\d.])5\.(\d{1,3}\.\d{1,3})(?!\.?\d)")
# No such mailbox or domain, malformed, ambiguous, moved, null MX. 5.1.7 and 5.1.8 are about the
# sender, and providers have made up others, such as Microsoft's 5.1.90 for a daily limit.
_NO_MAILBOX_CODES = {"1.1", "1.2", "1.3", "1.4", "1.6", "1.10"}
# Anything about an address; a disabled mailbox, or one that gets too much.
_VAGUE_CODES = {"1.0", "2.1"}

_MAILBOX = r"(?:users?|mail ?box|recipients?|addressee|inbox|alias)"
_ADDRESS = rf"(?:{_MAILBOX}|account|address|person|customer|local[- ]part)"
_NO_MAILBOX = re.compile(
    rf"\b(?:no such|unknown|invalid|non-?existent|undeliverable|unrout(?:e)?able|bad|not (?:a|our))"
    rf" (?:[\w-]+ ){{0,3}}?{_ADDRESS}\b"
    rf"|\b{_ADDRESS}\b[^.;]{{0,80}}?\b(?:unknown|not known|not found|not local|not listed|moved"
    r"|(?:un|not )available|undeliverable|invalid|not valid|not exist|(?:does|do)n't exist"
    r"|doesn't have|does not have|no longer)\b"
    rf"|\b{_MAILBOX}\b[^.;]{{0,40}}?\b(?:disabled|inactive|deactivated|deleted|closed|suspended)\b"
    r"|\bno (?:mail ?box|account|user)\b"
    r"|\bmailbox name not allowed\b"
)
_OF_SENDER = re.compile(
    r"\bsender|return[- ]path|envelope[- ]from|mail from|\bfrom (?:address|domain)"
)
_OF_POLICY = re.compile(
    r"\b(?:relay|unauth|auth|spf|dkim|dmarc|spam|block|black ?list|deny ?list|dnsbl|rbl|polic"
    r"|reputation|banned|prohibit|denied|not permitted|rate\b|too |quota|full\b|limit|grey ?list"
    r"|ptr\b|r?dns\b|helo\b|ehlo\b|tls\b|encrypt|virus|client|ip\b|content|password|credential)"
    r"|\byour (?:account|domain|host|ip|server)\b"
)


def says_no_mailbox(reply: str) -> bool:
    """Whether a 5xx reply to RCPT or to the mail, which may have several lines, says that the
    recipient has no mailbox there. False in doubt: another sender may still deliver."""
    text = _QUOTED.sub(" ", " ".join(reply.lower().replace("\u2019", "'").split()))
    codes = set(_ENHANCED.findall(text))
    if _OF_SENDER.search(text) or any(code.startswith("7.") for code in codes):
        return False
    if codes & _NO_MAILBOX_CODES:
        return True
    says_so = codes & _VAGUE_CODES or _NO_MAILBOX.search(text)
    return bool(says_so) and not _OF_POLICY.search(text)

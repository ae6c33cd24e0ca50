"""What a message can come from."""

NUMBER = r"\+[1-9][0-9]{6,14}"
SHORT_CODE = r"[0-9]{3,8}"
# A name has up to 11 characters, and a letter among them.
SHORT_CODE_OR_NAME = rf"{SHORT_CODE}|(?=.*[A-Za-z])[A-Za-z0-9 ._+-]{{1,11}}"
ANY = f"{NUMBER}|{SHORT_CODE_OR_NAME}"
# The user name of a verified channel of Telegram, without @.
TELEGRAM_NAME = "[A-Za-z0-9_]{4,32}"

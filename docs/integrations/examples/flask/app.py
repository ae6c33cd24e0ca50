import os

from flask import Flask, request, session
from flask.typing import ResponseReturnValue
from sixpost import Sixpost, SixpostError

app = Flask(__name__)
app.secret_key = os.environ["SESSION_SECRET"]
app.config["SESSION_COOKIE_SAMESITE"] = "Lax"
sixpost = Sixpost(os.environ["SIXPOST_URL"], os.environ.get("SIXPOST_KEY", ""))


@app.post("/code")
def send_code() -> ResponseReturnValue:
    phone = request.get_json().get("phone")
    sent = sixpost.start(phone=phone)
    session["pending"] = {"phone": phone, "verification_id": sent.verification_id}
    return {"message": sent.message}, 202


@app.post("/code/check")
def check_code() -> ResponseReturnValue:
    pending = session.get("pending")
    if not pending:
        return {"detail": "Request a code first."}, 409
    code = request.get_json().get("code")
    sixpost.check(verification_id=pending["verification_id"], otp=code)
    # The number comes from the session. With the code, a browser could send another one.
    session.clear()
    session["phone"] = pending["phone"]
    return {"phone": pending["phone"]}


@app.get("/account")
def account() -> ResponseReturnValue:
    return {"phone": session.get("phone")}, 200 if "phone" in session else 401


@app.errorhandler(SixpostError)
def refuse(error: SixpostError) -> ResponseReturnValue:
    if error.code == "unauthorized":
        raise error  # A wrong API key is for the log.
    return {"code": error.code, "detail": error.detail}, error.status or 503

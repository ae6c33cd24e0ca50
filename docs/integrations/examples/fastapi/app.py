import os
from typing import Any

from fastapi import FastAPI, HTTPException, Request
from fastapi.responses import JSONResponse
from pydantic import BaseModel
from sixpost import AsyncSixpost, SixpostError
from starlette.middleware.sessions import SessionMiddleware

app = FastAPI()
app.add_middleware(SessionMiddleware, secret_key=os.environ["SESSION_SECRET"], same_site="lax")
sixpost = AsyncSixpost(os.environ["SIXPOST_URL"], os.environ.get("SIXPOST_KEY", ""))


class Number(BaseModel):
    phone: str


class Code(BaseModel):
    code: str


@app.post("/code", status_code=202)
async def send_code(number: Number, request: Request) -> dict[str, str]:
    sent = await sixpost.start(phone=number.phone)
    request.session["pending"] = {"phone": number.phone, "id": sent.verification_id}
    return {"message": sent.message}


@app.post("/code/check")
async def check_code(typed: Code, request: Request) -> dict[str, str]:
    pending = request.session.get("pending")
    if not pending:
        raise HTTPException(409, "Request a code first.")
    await sixpost.check(verification_id=pending["id"], otp=typed.code)
    # The number comes from the session. With the code, a browser could send another one.
    request.session.clear()
    request.session["phone"] = pending["phone"]
    return {"phone": pending["phone"]}


@app.get("/account")
async def account(request: Request) -> dict[str, Any]:
    if "phone" not in request.session:
        raise HTTPException(401)
    return {"phone": request.session["phone"]}


@app.exception_handler(SixpostError)
async def refuse(_: Request, error: SixpostError) -> JSONResponse:
    if error.code == "unauthorized":
        raise error  # A wrong API key is for the log.
    return JSONResponse({"code": error.code, "detail": error.detail}, error.status or 503)

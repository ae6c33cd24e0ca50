"use client";
import { useState } from "react";

export default function Page() {
  const [told, setTold] = useState({});

  async function send(event) {
    event.preventDefault();
    const method = told.message ? "PUT" : "POST";
    const body = JSON.stringify(Object.fromEntries(new FormData(event.target)));
    const answer = await (await fetch("/api/code", { method, body })).json();
    setTold({ message: told.message, ...answer });
  }

  if (told.phone) return <p>{told.phone} is yours.</p>;
  const field = told.message
    ? { name: "code", inputMode: "numeric", autoComplete: "one-time-code" }
    : { name: "phone", type: "tel", autoComplete: "tel" };
  return (
    <form onSubmit={send}>
      <label>{told.message ?? "Phone number"} <input key={field.name} required {...field} /></label>
      <button>Continue</button>
      <p role="alert">{told.detail}</p>
    </form>
  );
}

export * from "./api.js";
export * from "./client.js";
export * from "./errors.js";
export * from "./receipt.js";
export * from "./webhook.js";

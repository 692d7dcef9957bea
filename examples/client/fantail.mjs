// The client as a module: import { connect } from "./fantail.mjs".
import "./fantail.js";

export const { connect } = globalThis.Fantail;

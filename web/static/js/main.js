// Entry of plain pages: an error, an address that does not exist.

import { mountShell } from "./shell.js";

mountShell({});

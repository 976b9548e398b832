// A Modbus slave that was not written here (npm modbus-serial): over TCP, or RTU on a serial port.
//   node modbus_slave.mjs tcp | rtu PATH BAUDRATE
// Its registers come as one line of JSON: {"input": {"UNIT": {"ADDRESS": WORD}}, "holding": {…}}. It prints "ready PORT".
import { createInterface } from "node:readline";
import modbus from "modbus-serial";

const UNKNOWN_ADDRESS = 2;
const [kind, path, baudRate] = process.argv.slice(2);
const lines = createInterface({ input: process.stdin })[Symbol.asyncIterator]();
const tables = JSON.parse((await lines.next()).value);

function word(table, address, unit) {
  const value = tables[table]?.[unit]?.[address];
  if (value === undefined) throw Object.assign(new Error("no such register"), { modbusErrorCode: UNKNOWN_ADDRESS });
  return value;
}

const vector = {
  getInputRegister: (address, unit) => word("input", address, unit),
  getHoldingRegister: (address, unit) => word("holding", address, unit),
  setRegister: (address, value, unit) => {
    word("holding", address, unit);
    tables.holding[unit][address] = value;
  },
};
if (kind === "tcp") {
  const server = new modbus.ServerTCP(vector, { host: "127.0.0.1", port: 0, unitID: 255 });
  server.on("initialized", () => console.log(`ready ${server._server.address().port}`));
} else {
  const server = new modbus.ServerSerial(vector, { path, baudRate: Number(baudRate), unitID: 255, interval: 5 });
  server.on("initialized", () => console.log("ready 0"));
}
await lines.next(); // the end of its input ends it
process.exit(0);

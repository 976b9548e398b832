// A Modbus master that was not written here (npm modbus-serial), RTU on a serial port.
//   node modbus_master.mjs PATH BAUDRATE
// Its questions come as JSON: [[UNIT, FUNCTION, ADDRESS, COUNT], …]. It prints the words, or the exception's code, of each.
import { text } from "node:stream/consumers";
import modbus from "modbus-serial";

const [path, baudRate] = process.argv.slice(2);
const questions = JSON.parse(await text(process.stdin));
const master = new modbus();
await master.connectRTUBuffered(path, { baudRate: Number(baudRate) });
master.setTimeout(2000);
const answers = [];
for (const [unit, code, address, count] of questions) {
  master.setID(unit);
  try {
    const read = code === 4 ? master.readInputRegisters(address, count) : master.readHoldingRegisters(address, count);
    answers.push((await read).data);
  } catch (error) {
    answers.push(error.modbusCode ?? error.message);
  }
}
console.log(JSON.stringify(answers));
process.exit(0);

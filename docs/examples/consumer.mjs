// Prints each change of a customer. AMQP_URL=amqp://user:password@host:5672/ node consumer.mjs (needs amqplib)

import amqp from "amqplib";

const connection = await amqp.connect(process.env.AMQP_URL);
const channel = await connection.createChannel();
await channel.prefetch(16);
const { queue } = await channel.assertQueue("example.node", {
  durable: true,
  arguments: { "x-queue-type": "quorum" },
});
await channel.bindQueue(queue, "rapport.events", "customers.#");
await channel.consume(queue, (message) => {
  if (message === null) throw new Error("the queue was deleted");
  const event = JSON.parse(message.content.toString());
  console.log(event.type, event.subject, event.version);
  channel.ack(message); // only now: what was not handled comes again
});

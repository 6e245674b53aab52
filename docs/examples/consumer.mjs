// Prints each event. AMQP_URL=amqp://user:password@host:5672/vhost QUEUE=integrator.NAME node consumer.mjs

import amqp from "amqplib";

const connection = await amqp.connect(process.env.AMQP_URL);
const channel = await connection.createChannel();
await channel.prefetch(16);
await channel.consume(process.env.QUEUE, (message) => {
  if (message === null) throw new Error("the queue was deleted");
  const event = JSON.parse(message.content.toString());
  console.log(event.type, event.subject, event.version);
  channel.ack(message); // only now: what was not handled comes again
});

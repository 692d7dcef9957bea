// Package amqp reads exchanges of AMQP 0-9-1 brokers, such as RabbitMQ.
package amqp

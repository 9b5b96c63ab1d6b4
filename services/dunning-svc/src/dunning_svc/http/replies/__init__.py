"""Incoming mail: replies, bounces and receipts."""

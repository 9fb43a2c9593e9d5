"""Erasures: permanent removal from every place where data is stored."""

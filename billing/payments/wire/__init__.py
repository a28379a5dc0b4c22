"""Reading and writing what travels: safe XML and JSON, forms, money, times, addresses. Pure."""

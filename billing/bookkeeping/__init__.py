"""Operations that people make with a client's money, and the second person who approves them."""

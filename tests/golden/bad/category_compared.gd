dim   colour in {"red", "green", "blue"}
dim   size = 3
data  c[n] in colour, s[n] in size, x[n], t[n] in {0: "no", 1: "yes"}
param w
loss  mean((c == "gren")*x*w) + mean((c < "red")*w) + mean((s == 7)*w) + mean((c == 1)*w)
      + mean((t == "maybe")*w) + mean((x == "red")*w) + mean((c == s)*w)

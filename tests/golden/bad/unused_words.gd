data x[n]
param a
nothing
loss mean(a*x)
end
return a

namespace Gateway.Http.Overload;

/// <summary>Bounds the second tries of one cluster to a part of its requests, so that destinations that are in trouble
/// do not get their traffic several times over. All members may be called from any thread.</summary>
internal sealed class RetryBudget
{
    /// <summary>Tries that are free, and the most that can be saved up.</summary>
    private const double Most = 10;

    private const double Unit = 1e6;

    private long _balance = (long)(Most * Unit);

    /// <summary>A request came: a part of a second try is earned.</summary>
    public void Earn(double part)
    {
        if (Volatile.Read(ref _balance) < Most * Unit)
        {
            Interlocked.Add(ref _balance, (long)(part * Unit));
        }
    }

    /// <summary>Takes one second try; false when there is none.</summary>
    public bool TrySpend()
    {
        var balance = Volatile.Read(ref _balance);
        while (balance >= Unit)
        {
            var before = Interlocked.CompareExchange(ref _balance, balance - (long)Unit, balance);
            if (before == balance)
            {
                return true;
            }

            balance = before;
        }

        return false;
    }

    /// <summary>Gives back what was taken for a second try that could not be.</summary>
    public void GiveBack() => Interlocked.Add(ref _balance, (long)Unit);
}

using Gateway.EventLoop;

namespace Gateway.Relay;

/// <summary>How many UDP sessions there may be in the process, over all listeners and loops. All members may be called
/// from any thread.</summary>
/// <remarks>
/// Each session has a socket towards its destination, and anybody can have sessions opened by forging addresses. They get
/// half of the descriptors (RLIMIT_NOFILE), so that a flood leaves the other half to TCP and HTTP.
/// </remarks>
internal sealed class SessionBudget(int most)
{
    private const int MostOfAll = 1 << 20;

    private int _taken;

    /// <summary>The budget this process's limit of descriptors allows.</summary>
    public static SessionBudget OfProcess() => new((int)Math.Clamp(Descriptors.Limit / 2, 1, MostOfAll));

    public bool TryTake()
    {
        if (Interlocked.Increment(ref _taken) <= most)
        {
            return true;
        }

        GiveBack();
        return false;
    }

    public void GiveBack() => Interlocked.Decrement(ref _taken);
}

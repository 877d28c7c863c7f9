namespace Gateway.EventLoop;

/// <summary>Something that may be due at a time; an entry of a <see cref="TimerWheel"/>, without further memory.</summary>
internal abstract class LoopTimer
{
    internal LoopTimer? Next { get; set; }

    internal LoopTimer? Previous { get; set; }

    internal long DueTick { get; set; }

    internal bool IsScheduled { get; set; }

    /// <summary>The time has come. It may be scheduled again.</summary>
    internal abstract void OnDue();
}

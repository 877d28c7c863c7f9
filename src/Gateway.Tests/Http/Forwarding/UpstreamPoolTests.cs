using Gateway.Http.Forwarding;

namespace Gateway.Tests.Http.Forwarding;

/// <summary>What the pool of idle connections keeps.</summary>
public class UpstreamPoolTests
{
    [Fact]
    public void Take_TargetsThatComeAndGo_AreForgotten()
    {
        using var pool = new UpstreamPool();
        using var kept = new Idle(Target(1), pool);
        pool.Return(kept);

        for (var i = 0; i < 10_000; i++)
        {
            using var upstream = new Idle(Target(2), pool);
            pool.Return(upstream);
            Assert.Same(upstream, pool.Take(upstream.Target, mayRepeat: false));
        }

        Assert.InRange(pool.Targets, 1, 128);
        Assert.Same(kept, pool.Take(kept.Target, mayRepeat: false));
    }

    private static UpstreamTarget Target(int port) => new(new Uri($"http://127.0.0.1:{port}"), null, null, TimeProvider.System);

    private sealed class Idle : Upstream
    {
        [System.Diagnostics.CodeAnalysis.SetsRequiredMembers]
        public Idle(UpstreamTarget target, UpstreamPool pool)
            : base(target) => Pool = pool;

        public override bool IsStill => true;

        public override bool IsQuiet(bool isRough) => true;

        public override ValueTask<int> ReceiveAsync(Memory<byte> buffer) => new(0);

        public override ValueTask SendAsync(ReadOnlyMemory<byte> bytes) => ValueTask.CompletedTask;

        public override void Begin(TimeSpan activityTimeout)
        {
            // Nothing is exchanged.
        }

        public override void Touch()
        {
            // Nothing moves.
        }

        public override void Rest()
        {
            // Nothing is timed.
        }

        protected override void CloseSocket()
        {
            // There is none.
        }
    }
}

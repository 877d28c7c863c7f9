using Gateway.Relay;

namespace Gateway.Tests.Relay;

public class SessionBudgetTests
{
    [Fact]
    public void TryTake_AllTaken_RefusesUntilOneIsGivenBack()
    {
        var budget = new SessionBudget(2);

        Assert.True(budget.TryTake());
        Assert.True(budget.TryTake());
        Assert.False(budget.TryTake());
        Assert.False(budget.TryTake());
        budget.GiveBack();
        Assert.True(budget.TryTake());
        Assert.False(budget.TryTake());
    }
}
